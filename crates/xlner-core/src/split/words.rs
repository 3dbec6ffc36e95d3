//! Abbreviations, and words that begin sentences, by language: lower case, without the last full stop, separated by spaces.
//!
//! Written for this crate. Measure of a list: a word is in it where leaving it out cuts sentences more often than
//! having it joins two.

/// The words of a language.
#[derive(Debug)]
pub struct Words {
    /// Never end a sentence: titles, `e.g.`
    pub never: &'static str,
    /// Go on before a number.
    pub before_number: &'static str,
    /// End a sentence only before a word of `starts`.
    pub seldom: &'static str,
    /// Often begin sentences, and seldom names.
    pub starts: &'static str,
}

/// In every language.
pub const NEVER: &str = "mt mr mrs ms dr prof rev capt lt sgt vs cf e.g i.e";
/// In every language.
pub const BEFORE_NUMBER: &str = "n° no nos nr p pp vol art fig sec par tel pag pg s ss eq tab";
/// In every language.
pub const SELDOM: &str = "st jr sr inc ltd corp etc ph.d km cm mm kg mg ml";

/// The words of a language, by the first part of its code; those of English where it has no list.
pub fn of(lang: &str) -> &'static Words {
    match lang {
        "de" | "deu" | "ger" | "lb" | "ltz" | "gsw" | "nds" => &GERMAN,
        "nl" | "nld" | "dut" | "af" | "afr" | "fy" | "fry" => &DUTCH,
        "sv" | "swe" | "da" | "dan" | "no" | "nb" | "nn" | "nor" | "nob" | "nno" | "is" | "isl" | "fo" | "fao" => {
            &NORDIC
        }
        "fr" | "fra" | "fre" | "oc" | "oci" | "wa" | "wln" => &FRENCH,
        "br" | "bre" => &BRETON,
        "cy" | "cym" | "wel" => &WELSH,
        "ga" | "gle" | "gd" | "gla" => &GAELIC,
        "es" | "spa" | "gl" | "glg" | "ca" | "cat" | "ast" | "an" => &SPANISH,
        "pt" | "por" => &PORTUGUESE,
        "it" | "ita" | "scn" | "vec" | "lij" | "pms" => &ITALIAN,
        "ro" | "ron" | "rum" => &ROMANIAN,
        "eu" | "eus" | "baq" => &BASQUE,
        "fi" | "fin" | "et" | "est" => &FINNIC,
        "hu" | "hun" => &HUNGARIAN,
        "lv" | "lav" | "lt" | "lit" => &BALTIC,
        "pl" | "pol" => &POLISH,
        "cs" | "ces" | "cze" | "sk" | "slk" | "slo" => &CZECH,
        "sl" | "slv" | "hr" | "hrv" | "sr" | "srp" | "bs" | "bos" | "cnr" | "sh" | "hbs" => &SOUTH_SLAVIC,
        "ru" | "rus" | "uk" | "ukr" | "be" | "bel" => &EAST_SLAVIC,
        "bg" | "bul" | "mk" | "mkd" => &BULGARIAN,
        "el" | "ell" | "gre" => &GREEK,
        "tr" | "tur" | "az" | "aze" => &TURKISH,
        "sw" | "swa" | "swh" => &SWAHILI,
        "ha" | "hau" => &HAUSA,
        "yo" | "yor" => &YORUBA,
        "ig" | "ibo" => &IGBO,
        "rw" | "kin" | "rn" | "run" | "lg" | "lug" | "sn" | "sna" | "ny" | "nya" | "zu" | "zul" | "xh" | "xho"
        | "tn" | "tsn" => &BANTU,
        "id" | "ind" | "ms" | "msa" | "may" => &MALAY,
        "hi" | "hin" | "mr" | "mar" | "ne" | "nep" => &DEVANAGARI,
        "bn" | "ben" => &BENGALI,
        "ar" | "ara" | "fa" | "fas" | "per" | "ur" | "urd" | "ps" | "pus" => &ARABIC,
        "hy" | "hye" | "arm" | "hyw" => &ARMENIAN,
        "am" | "amh" | "ti" | "tir" => &ETHIOPIC,
        _ => &ENGLISH,
    }
}

const ENGLISH: Words = Words {
    never: "gen col messrs mme mlle hon gov maj cpt cpl sen rep pres supt univ approx viz esp alh mal engr barr fr \
        br ven adm cmdr brig insp pvt atty msgr det amb pfc asst ofc cllr rt sgts drs profs revs hons abp",
    before_number: "rs nos ch chap sect para cl reg ref ver app",
    seldom: "dept co al ed vol bros jan feb mar apr aug sep sept oct nov dec hr hrs min sec mt h.m.s u.s.s a.m p.m \
        am pm u.s u.k u.n e.u u.s.a d.c b.c a.d m.d b.a m.a plc llc l.l.c ave blvd rd sq ext est tue wed thu fri esq \
        bldg mfg intl assn ft lb oz yd mi pt dist dir sis mtn mts bp",
    starts: "did does do the this that these those he she it we they you his her its their our my but and so then there here in on at by for \
        from with after before when while if although however also as since what who why how where not no some many all one \
        according both during until today yesterday",
};
const GERMAN: Words = Words {
    never: "u hr fr dipl ing prof dr bzw vgl ggf evtl inkl exkl z.b z.t d.h u.a u.u o.ä i.d.r s.o s.u z.zt bspw sog \
        geb gest verh vorm ehem zzgl abzgl einschl hl röm kath ev rd mind durchschn insbes lat griech frz engl frhr \
        gebr hrsg bgm abg allg jur phil med rer nat h.c kgl kt bez präs gen hptm obst univ.-prof dir fam reg.-bez \
        kard bf freih staatssekr sen dr.-ing hrn fm gfm oblt uffz ob",
    before_number: "abs art bd kap ziff anm abb tab nr nrn rn fn bl kl jg ca abschn buchst",
    seldom: "max co sept nov apr aug kg ha usw etc mio mrd jh jhd jhs str tel v.chr n.chr std min sek okt dez mär \
        u.s.w usf jan feb gmbh e.v b.v hbf bhf nds bay sächs thür ndr südd nordd westf st",
    starts: "der die das den dem des ein eine einen einem er sie es wir ihr ich man dies diese dieser dieses und aber doch oder \
        in im am an auf bei mit nach von vor zu zum zur für aus als wenn da dann dort hier so auch nur nun was wer wie wo \
        warum nicht kein keine sein seine ihre unser jetzt heute damit dabei deshalb",
};
const DUTCH: Words = Words {
    never: "dhr mevr mw mnr mej drs ir mr ds ing dr prof bijv bv o.a d.w.z m.b.t t.a.v i.v.m a.d nl resp zgn incl \
        excl t/m jhr mgr lic ca wnd burg gen min wed pres kol kapt lt maj pr weth sen fam gebr h dir",
    before_number: "blz art nr afb hfst bl par lid",
    seldom: "co jan feb apr aug sept nov dec ha enz e.d e.a jl a.s st nv n.v b.v mln mld okt mrt v.chr n.chr prov \
        gem",
    starts: "de het een dit dat deze die hij zij ze we wij ik je jij u er en maar in op bij met na van voor om als toen dan daar \
        hier ook nu wat wie hoe waar waarom niet geen zijn haar hun onze volgens daarom ons",
};
const NORDIC: Words = Words {
    never: "skt hr fr dr prof d.v.s dvs t.ex f.eks bl.a m.fl.a s.k st f.d fhv ca kap resp inkl ekskl exkl adj f.o.m \
        t.o.m t.d þ.e vedr ing cand pga dir sml jf jfr osv.a m.a gl sdr ndr pol kgl gen kapt past adv fru frk kong \
        pres sen fam kmt löjt maj øv",
    before_number: "nr kap s bd stk pkt art kl § bls gr",
    seldom: "osv m.m m.fl mm mfl kr mio mia mrd milj mill f.kr e.kr f.v.t jan feb apr jun jul aug sept okt nov des \
        dec o.s.v a.s bl.a tlf o.l o.d kbh sthlm gbg min",
    starts: "det den de en et ett han hon hun vi ni du jag jeg eg dette detta denne denna dessa disse her här der där men och og \
        i på av af til till med om for för när når da då så hva vad hvad hvem vem hvor var hvorfor varför også också ikke inte \
        etter efter fra från það hann hún við en",
};
const FRENCH: Words = Words {
    never: "m mm mme mmes mlle mlles me mgr dr pr st ste vve cie p.ex c.-à-d cf env av bd fg éd prés gén lt sgt r.p \
        mr dép arr cdt cne gal adm univ boul dépt mgrs sr fr chev sén préf ing amb n.-d",
    before_number: "art p pp vol n no fig chap al t liv ch par",
    seldom: "etc janv févr avr juil sept oct nov déc av j.-c apr s.a tél hab r.-u o.n.u u.e h min jr faub rte",
    starts: "le la les l un une des il elle ils elles on nous vous je tu ce cet cette ces c mais et ou or donc car dans en au aux \
        sur par pour avec après avant depuis si quand comme que qui quoi où pourquoi comment son sa ses leur leurs notre \
        votre selon ainsi alors aussi puis non y à",
};
const BRETON: Words = Words {
    never: "ao it dim dr prof s.o h.a sk da.l",
    before_number: "p niv art pennad",
    seldom: "h.a.s hag.all h.a etc genv hwe meur ebr gwen",
    starts: "an ar al ur un ul e en er el hag ha met ma me te eñ hi ni c'hwi int setu goude evit gant eus ez pa pe n ne",
};
const WELSH: Words = Words {
    never: "dr prof parch bnr h.y e.e sef gw mr mrs",
    before_number: "t tt rhif pen erthygl",
    seldom: "etc ayb ac.ati a.y.b ion chwe maw ebr meh gorff hyd tach rhag o.c c.c",
    starts: "y yr mae roedd oedd bu bydd ond ac a yn ar ym fe mi ef hi nhw ni dyma dyna wedi ar ôl nid pan os gan i o",
};
const GAELIC: Words = Words {
    never: "an.tuas .i e.g m.sh i.e dr prof uas",
    before_number: "lch uimh alt l",
    seldom: "srl msaa etc ean feabh már aib beal meith lún m.f.t td",
    starts: "an na tá bhí bha tha is ba ach agus nuair má i ar ag sé sí siad tha e ní cha beidh rinne",
};
const SPANISH: Words = Words {
    never: "ee sr sra srta sres srs sras dr dra dres d dña dn prof profa lic ing arq gral cnel tte sgto mons excmo \
        excma ilmo ilma hno hna fr s.a.r ud uds vd vds p.ej p.e v.gr vid aprox st sta sto mn pdta pdte pte gob \
        min.-pres sen dip cdad fco rvdo rvda mª alm capt cmdte brig tnte pbro card arz bdo bda univ ntra excmos \
        ilmos dto dtor lcdo lcda mtro mtra emb",
    before_number: "párrf lun núm nº art pág págs vol cap fig t tomo apdo ap inc pàg",
    seldom: "mar jul nov ha min etc ee.uu a.c d.c s.a s.l cía avda av ene febr abr ago set sept oct dic tel izq dcha \
        a.m p.m admón hnos c.v col urb edif depto pza plza ctra prov",
    starts: "el la los las un una unos unas lo él ella ellos ellas yo tú nosotros usted su sus este esta estos estas ese esa eso \
        esto pero y o en de del al a con por para desde según cuando si como que qué quién cómo dónde también no ya así \
        entonces después hoy però i els les amb però això és va",
};
const PORTUGUESE: Words = Words {
    never: "sr sra srta srs sras dr dra drs d prof profa profª eng arq exmo exma ilmo gen cel cap ten sgt mons st \
        sta sto p.ex aprox v.exa s.exa v.ex pe gov dep min des maj brig pres sen alm fco fr emb visc cdor cons proc \
        rev revmo revma card exmos ilmos",
    before_number: "núm n nº art arts pág págs p vol cap fig inc al",
    seldom: "etc a.c d.c s.a cia av r e.u.a eua jan fev mar abr mai jun jul ago set out nov dez tel ltda ap a.m p.m \
        pça jd vl trav lgo rod edif bl bairro",
    starts: "o a os as um uma ele ela eles elas eu nós você este esta esse essa isto isso aquele mas e ou em no na nos nas de do \
        da ao à com por para segundo quando se como que quem onde também não já assim então depois hoje seu sua",
};
const ITALIAN: Words = Words {
    never: "dir amm psicol rag sig sigg sig.ra sig.na dott dott.ssa dr prof prof.ssa ing avv arch geom on sen gen \
        col cap ten mons don s ss p.es es ad.es cfr v egr spett gent ill.mo c.d cosidd cav p.zza f.lli gent.ma \
        gent.mo preg.mo ist uff fam pres min card cav.lav magg cap.no gen.le ten.col amb rev rev.do ecc.mo suor sost \
        vesc loc fraz b.go str",
    before_number: "n nn num art artt pag pagg p pp vol cap fig lett tab all",
    seldom: "ecc etc a.c d.c s.p.a s.r.l gen feb mar apr mag giu lug ago set sett ott nov dic tel ca u.s.a c.so v.le \
        univ prov com mil",
    starts: "il lo la i gli le l un una uno egli lui lei essi noi voi io questo questa questi queste quello quella ma e ed o in \
        nel nella a al alla da dal di del con per su secondo quando se come che chi cosa dove perché anche non poi così \
        oggi è",
};
const ROMANIAN: Words = Words {
    never: "dl d-l dna d-na dlui dr prof ing av gen col mr lt sf acad conf lect pr cf d.ex ex bd șos str dra cpt \
        preș pres mun jud com sr arh econ min cdor lt.col plt ps cuv ierom dep sen",
    before_number: "nr art alin lit pag p vol cap fig",
    seldom: "etc ș.a ș.a.m.d î.hr d.hr ian febr mart apr iun iul aug sept oct noi dec tel mil mld s.a univ",
    starts: "el ea ei ele eu noi voi un o acest această acești aceste acesta aceasta dar și sau în la pe cu de din după pentru \
        când dacă că ce cine cum unde și nu astfel apoi azi potrivit",
};
const BASQUE: Words = Words {
    never: "jn and dr prof adib esate.b alegia lehend",
    before_number: "or zk art zenb irud lib",
    seldom: "etab e.a k.a k.o urt ots mar api mai eka uzt abu ira urr aza abe tel",
    starts: "hau hori hura hauek horiek haiek eta baina edo ez bai gero orduan baita nik guk berak hala bestalde gaur atzo",
};
const FINNIC: Words = Words {
    never: "tri toht prof rva hra nti esim mm ns ts ks vrt eli k.a nn t s.o st hr pr dr nt näit vt näiteks kol ev \
        pres kenr pastori rov kapt maj luutn ltn min prof.emer kirj",
    before_number: "s sivu art nro nr lk p ptk kap klo §",
    seldom: "ekr pkr jne yms ym ymv yhd eaa jaa jkr milj mrd mlj noin puh tel tms tlk jms ja jaan veebr märts apr",
    starts: "se ne hän he minä me te tämä nämä tuo mutta ja tai kun jos sen sitä niin nyt myös ei on siellä täällä mitä kuka \
        miksi miten see need tema ta nad meie ma kuid aga ning kui siis ka mis kes miks seal siin",
};
const HUNGARIAN: Words = Words {
    never: "dr prof ifj id özv pl ill vö ún sz kb st gr br ui mgr szt alez őrgy vm vezds ezds szds főhdgy hgy mb min \
        dipl",
    before_number: "sz old o köt fej bek cikk ker",
    seldom: "stb u u.a kft rt zrt nyrt jan febr márc ápr máj jún júl aug szept okt nov dec i.e i.sz kr.e kr.u db ft \
        tel krt mrd",
    starts: "a az egy ez ő ők mi én ti ezek azok de és vagy hogy ha amikor mert így akkor itt ott most nem is csak már ma \
        mit ki miért hol ezért",
};
const BALTIC: Words = Words {
    never: "dr prof t.i t.y pvz piem plg sal sk gerb p pan vysk kun doc akad kand insp t.sk z.k lgh gen kapt pulk \
        ltn min dep mjr prez",
    before_number: "nr p psl lpp art str pan sēj t",
    seldom: "u.c utt u.tml ir.kt kt t.t pan d m g a.s pr.kr p.m.ē mln mlrd tūkst milj eur ls lt jan febr aprīl aug \
        sept okt nov dec raj apsk",
    starts: "viņš viņa viņi tas tā tie šis šī es mēs jūs bet un vai ja kad jo arī ne par no uz ar jis ji jie tai šis ši aš mes \
        jūs bet ir ar kai jei nes taip pat ne šie tačiau",
};
const POLISH: Words = Words {
    never: "p pp prof dr mgr inż hab ks bp abp kard gen płk mjr kpt red np tzn tj m.in tzw ok św bł śp ul al pl os \
        wg zob por ur zm ang łac niem fr doc lek sędz pow gm prez pos dyr woj o rtm sierż wiceprez abpa kl mec dh",
    before_number: "nr s str art ust pkt poz t rozdz ryc par lit",
    seldom: "itd itp r w m.st tys mln mld zł gr godz min sek p.n.e n.e sty lut kwi lip sie wrz paź lis gru tel im",
    starts: "to ten ta te on ona ono oni one my wy ja ale i a oraz lub w we na z ze po do od dla przy przed gdy kiedy jeśli jak \
        co kto gdzie dlaczego także nie już tak wtedy dziś według jego jej ich",
};
const CZECH: Words = Words {
    never: "p pí sl dr mgr ing mudr judr phdr rndr prof doc bc csc gen plk mjr kpt por např tj tzv tzn resp mj popř \
        příp cca sv ul nám tř red srov angl něm lat fr zvl ved hl akad nar zem napr vz popr arch okr prez kard arcib \
        bisk npor pprap pplk genmjr mons",
    before_number: "č čl str odst písm sv kap obr tab par s ods",
    seldom: "atd apod aj ap atp r st stol tis mil mld kč hod min př.n.l n.l led úno bře dub květ čvn říj list pros \
        tel s.r.o a.s o.s j.č",
    starts: "to ten ta ti ty on ona oni my vy já ale a i nebo v ve na z ze po do od pro při před když pokud jak co kdo kde proč \
        také ne už tak pak dnes podle jeho její jejich je byl by aj keď ak čo kto prečo aby však potom",
};
const SOUTH_SLAVIC: Words = Words {
    never: "g gđa gđica gosp gdč dr mr prof doc akad ing dipl spec gen puk kap npr tj tzv odn sl.a sv ul bl izv r.o \
        ur prim mag nar г гђа госп др мр проф доц акад инж ген нпр тј тзв одн св ул preds kard mons arh adv pok \
        predsj мин предс арх адв",
    before_number: "br čl str st toč sv al t бр чл стр ст тач ал",
    seldom: "itd i.sl sl i.dr dr god st tis mil mlrd din rsd kn eur pr.kr n.e p.n.e jan feb mart apr avg okt dec \
        siječ velj ož d.o.o d.d a.d tel min s.p итд и.сл и.др год ст мил млрд дин п.н.е н.е д.о.о а.д јан феб апр \
        авг окт дец opć opš",
    starts: "to taj ta ti te on ona ono oni one mi vi ja ali a i ili u na s sa iz po do od za pri kod pre prije posle poslije \
        kad kada ako kako što šta ko tko gde gdje zašto takođe također ne već tako onda danas prema njegov njen njihov ovo ova \
        ovaj je bio v pa tudi kaj kdo kje zakaj то тај та ти те он она оно они оне ми ви ја али а и или у на с са из по до од за \
        при код пре после кад када ако како шта ко где зашто такође не већ тако онда данас према његов њен ово ова овај",
};
const EAST_SLAVIC: Words = Words {
    never: "пгт гр г-н г-жа проф доц акад д-р ген полк кап св им ул пл пр пер просп д корп т.е т.н т.к напр см ср \
        обл р-н с пос дер о оз тов ред авт сост англ нем лат фр греч рис табл вул ім сел смт гл бул пров пан н.д \
        тобто т.зв хут респ наб адм чл.-корр канд пр-т б-р кн имп ст.-лейт маж митр архим еп архиеп игум иером патр \
        орд худ реж муз зам нач ж.-д пгт.т рп мкр кв-л ш ген.-м ген.-л подп ефр ряд серж деп мін перс ін-т",
    before_number: "ст п пп гл т рис табл стр с кв тел № абз ч разд розд",
    seldom: "т.д т.п др пр и.др г гг в вв н.э до.н.э тыс млн млрд руб коп долл кг км см мм мин сек час янв февр апр \
        авг сент окт нояб дек рр ст грн тис крб січ лют бер квіт трав черв лип серп вер жовт лист груд тощо ін гор",
    starts: "это этот эта эти он она оно они мы вы я ты но и а или в во на с со из по до от для при перед после когда если как \
        что кто где почему также не уже так тогда сегодня его её их там здесь цей ця ці це він вона воно вони ми ви але й \
        або у на з із зі від для при перед після коли якщо як що хто де чому також вже тоді сьогодні його її їх там тут",
};
const BULGARIAN: Words = Words {
    never: "г-н г-жа г-ца д-р проф доц акад инж арх ген полк кап св ул бул пл ж.к т.е т.нар напр вж срв гр с обл общ \
        о.з м-р еп митр кв жк адм подп деп",
    before_number: "ст чл ал т стр с фиг табл бр л",
    seldom: "г гг в вв др и.др т.н и.т.н пр.хр сл.хр хил млн млрд лв ст км кг мин сек ч ян фев апр авг септ окт ноем \
        дек о.о.д а.д",
    starts: "това този тази тези той тя то те ние вие аз но и а или в във на с със из по до от за при преди след когато ако как \
        какво кой къде защо също не вече така тогава днес според неговата нейната тоа оваа овој тие ние но во со кога што",
};
const GREEK: Words = Words {
    never: "κ κα κος κ.κ δρ καθ στρ αγ πρβλ π.χ δηλ βλ λ.χ μ.χ.α τ.κ οδ λεωφ πλ υποστρ ταγμ στ δημ πρ υπ κων ιω \
        γεωργ νικ αθ βασ παν αρχ αντ ναυ στρατ μητρ επ λοχ γεν καπ",
    before_number: "αρ αριθ άρθ παρ σ σελ τ τόμ κεφ εδ εικ πίν",
    seldom: "κ.λπ κλπ κ.ά κ.ο.κ π.χ μ.χ α.ε ο.ε δισ εκατ χιλ ευρ τηλ ιαν φεβ μαρ απρ μαΐ ιουν ιουλ αυγ σεπτ οκτ νοε \
        δεκ π.μ μ.μ η.π.α",
    starts: "ο η το οι τα τον την του της των ένας μια ένα αυτός αυτή αυτό αυτοί αυτά εμείς εγώ αλλά και ή σε στο στη στην στον \
        από με για μετά πριν όταν αν πώς τι ποιος πού γιατί επίσης δεν όχι έτσι τότε σήμερα σύμφωνα",
};
const TURKISH: Words = Words {
    never: "dr prof doç yrd av müh alb yrb bnb yzb tğm org korg hz sn bkz krş örn mah cad sok apt blv ör akad gn op \
        uzm vet müd bşk cb bld tuğg tümg opr hk",
    before_number: "no s sf cilt md mad böl şek",
    seldom: "vb vd vs m.ö m.s a.ş ltd şti t.c yy tl tel dk sn oca şub nis haz tem ağu eyl eki kas i.ö i.s kur",
    starts: "bu şu o bunlar onlar biz siz ben sen ama ve veya fakat ancak çünkü eğer ne kim nerede neden nasıl için sonra \
        önce bugün dün böyle bir her hem ya buna göre",
};
const SWAHILI: Words = Words {
    never: "bw bi dkt mh mhe dk prof nd ndg mch alh kat jen kan k.m k.v mwl brig kpt ust kard insp sgt kol cpl sis \
        fr bro",
    before_number: "na uk kif sura aya ibara juz gaz",
    seldom: "n.k nk k.k b.k k.w t.z d.s.m a.s.w s.a.w s.l.p mil bil sh tsh ksh jan feb mac apr jun jul ago sep okt \
        nov des",
    starts: "hii huyu hawa hao hizo hayo hiyo hilo hili haya huu hivyo kwa katika na lakini au ni si alisema walisema baada kabla \
        wakati kama yeye sisi mimi wao wewe nyinyi pia aidha kwamba ili kutokana leo jana sasa huko hapa hata",
};
const HAUSA: Words = Words {
    never: "mal alh dr haj inj farf sh m.s gen sgt insp prof engr barr sen hon gov",
    before_number: "lamba sh shafi aya",
    seldom: "d.s.s s.a.w a.s d.s jan fab mar afr may yun yul agu sat okt nuw dis",
    starts: "wannan wani wata waɗannan shi ita su mu ni kai ke ku amma da ko a an ya ta sun sai kuma domin saboda idan lokacin \
        bayan kafin yanzu yau jiya haka inda me wa ina",
};
const YORUBA: Words = Words {
    never: "ọ̀gb ọgb dr alh b.a f.a prof engr sen hon gov rev chf",
    before_number: "ojú oju nọ́mbà orí ẹsẹ",
    seldom: "abbl kbl k.j a.b.l",
    starts: "ó o wọ́n wọn mo a ẹ ṣùgbọ́n àmọ́ àti sí ní ni nígbà bí tí kí èyí yìí àwọn fún láti lẹ́yìn kò nítorí òun àwa \
        èmi ìwọ ta kí",
};
const IGBO: Words = Words {
    never: "mz dk dọk prof engr sen hon gov rev chf barr",
    before_number: "ọnụọgụ peeji isi amaokwu",
    seldom: "wdg dgz d.g k.a",
    starts: "ọ o ha anyị m mụ ị i nke a ihe mana ma na n'ihi mgbe ka ya ndị onye ebe tupu kama otu",
};
const BANTU: Words = Words {
    never: "mgr mw omw owek rre mme nkz dr prof hon rev col gen maj capt lt sgt mnr pres",
    before_number: "no ingingo igice essuula p tsamba ipeji",
    seldom: "ibindi n.k njj nj nb jj",
    starts: "uyu uwo aba ibi iyi ariko na kandi mu ku no ni nyuma mbere ubwo kuko yavuze bavuze ono bano naye era ne kubanga bwe \
        izvi uyu asi uye nokuti pashure kodwa futhi uma ngoba lo le laba fela mme ka mo kuti koma pa iye ndipo",
};
const MALAY: Words = Words {
    never: "bpk tn ny sdr sdri dr drs dra prof ir h hj kh k.h jend kol lettu kapt jl jln gg a.n u.p d.a yg spt mis \
        tgk sdn en pn cik brigjen mayjen letjen irjen komjen kombes akbp kec kab kel ust hjh pdt rev bgd prov",
    before_number: "no hlm hal ps pasal ayat jld bab gbr tbl bil",
    seldom: "dll dsb dst tbk pt cv bhd rp rm a.s s.a.w saw swt m sm jan feb mar apr jun jul agt agu sep okt nov des \
        dis tel ds dk",
    starts: "ini itu dia ia mereka kami kita saya aku anda tetapi namun dan atau di ke dari pada dalam untuk dengan setelah \
        sebelum ketika saat jika apabila karena kerana seperti apa siapa mana mengapa bagaimana juga tidak sudah maka \
        menurut para hal beliau",
};
const DEVANAGARI: Words = Words {
    never: "डॉ डा श्री प्रो पं मि मिसेज सुश्री कु रा ले कर्नल मे स्व सं इं एड कृ क्र पृ उदा दि मा ना सौ जन ब्रि कै \
        कैप्ट लेफ्टि इंजी अॅड अधि मौ हा",
    before_number: "पृ क्र सं नं भा खं रु",
    seldom: "ई.पू ई वि.सं कि.मी कि.ग्रा मि लि यू.एस आदि इ",
    starts: "यह वह ये वे",
};
const BENGALI: Words = Words {
    never: "ড ডা মো মোঃ মোহা প্রফ শ্রী মি মিসেস ইঞ্জি অ্যাড মু লে অধ্যা জন ব্রি ক্যা মাও হা",
    before_number: "পৃ নং খ",
    seldom: "খ্রি কি.মি রু",
    starts: "",
};
const ARABIC: Words = Words {
    never: "د أ م أ.د ا.د ص.ب ت مج ط س آ",
    before_number: "ص ج رقم",
    seldom: "هـ م ق.م ب.م إلخ الخ كم كجم",
    starts: "",
};
const ARMENIAN: Words = Words {
    never: "թ թթ դր պր տկն պ տ հ մ ք գ փող ակ դոց ակադ գեն սբ բն շ հզ պոս օր ծնվ մահ",
    before_number: "էջ հտ գլ նկ կետ հոդ",
    seldom: "մլն մլրդ հզր կմ մ սմ կգ դրամ ժ ր և.այլն",
    starts: "այս այդ այն նա նրանք մենք դուք ես դու իսկ բայց և կամ ու երբ եթե որ ինչ ով որտեղ ինչու այսօր ըստ հետո մինչ",
};
const ETHIOPIC: Words = Words {
    never: "ዶ ዶ.ር ፕ ፕሮፌ ዓ ዓ.ም ዓ.ዓ ወ ወ.ሮ ወ.ት አ አ.አ ሃ ኮ ጄ ሌ",
    before_number: "ቁ ቁጥር ገጽ ምዕ አን",
    seldom: "ወዘተ ኪ.ሜ",
    starts: "",
};
