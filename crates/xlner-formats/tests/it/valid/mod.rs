//! Small valid files.

use xlner_formats::Format;

/// One of every text format.
pub const FILES: [(Format, &str); 25] = [
    (Format::Conll, "-DOCSTART- O\n\n# id 1\nObama\tB-PER\nspoke\tO\n\n# sentence without tokens\n\n#x\tO\n"),
    (Format::Conll2003, "Obama NNP B-NP I-PER\nspoke VBD B-VP O\n\nYes UH O O\n"),
    (Format::PanX, "en:Obama\tB-PER\nen:spoke\tO\n"),
    (Format::Uner, "# sent_id = a\n# text = Obama spoke\n1\tObama\tB-PER\t-\t-\n2\tspoke\tO\t-\t-\n"),
    (
        Format::ConllU,
        "# global.columns = ID FORM NER MISC\n# text = don't\n1-2\tdon't\t_\t_\n1\tdo\tO\tSpaceAfter=No\n2\tn't\tB-X\t_\n2.1\tx\t_\t_\n",
    ),
    (
        Format::Hipe,
        "TOKEN\tNE-COARSE-LIT\tNE-COARSE-METO\tNE-FINE-LIT\tNE-NESTED\tMISC\n# hipe2022:document_id = a\nOslo\tB-loc\tB-org\tO\tO\tNoSpaceAfter\n,\tO\tO\tO\tO\t_\nRiga\tB-loc\tO\tO\tB-x\tEndOfSentence\n",
    ),
    (
        Format::WebAnno,
        "#FORMAT=WebAnno TSV 3.3\n#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value\n\n\n#Text=Ada Lovelace met Bob .\n1-1\t0-3\tAda\t*[1]\tPER[1]\t\n1-2\t4-12\tLovelace\t*[1]|*[2]\tPER[1]|a\\|b[2]\t\n1-3\t13-16\tmet\t_\t_\t\n1-4\t17-20\tBob\t*\tPER\t\n1-5\t21-22\t.\t_\t_\t\n",
    ),
    (Format::Tsv, "token\ttag\nObama\tB-PER\n"),
    (Format::Text, "Obama ||| Obama\n\na\u{a0}b ||| c\n"),
    (Format::Bitext, "Obama ||| Obama\n |||\n"),
    (
        Format::Jsonl,
        r#"{"id":"s","source":{"tokens":["a"],"entities":[{"start":0,"end":1,"label":"X"}]},"target":{"text":"b"},"alignment":[[0,0,0.5]]}"#,
    ),
    (Format::Json, r#"[["Obama spoke",{"entities":[[0,5,"PER"]]}]]"#),
    (Format::HuggingFace, r#"[{"id":1,"tokens":["a","b"],"ner_tags":["B-X","O"]},{"tokens":[],"ner_tags":[]}]"#),
    (
        Format::LabelStudio,
        r#"[{"id":1,"data":{"text":"💩 Obama"},"annotations":[{"result":[{"type":"labels","value":{"start":2,"end":7,"text":"Obama","labels":["PER"]}}]}]}]"#,
    ),
    (Format::Doccano, r#"{"id":1,"text":"Obama","label":[[0,5,"PER"]]}"#),
    (
        Format::Spacy,
        r#"[{"text":"Obama spoke. Yes.","ents":[{"start":0,"end":5,"label":"PER"}],"sents":[{"start":0,"end":12},{"start":13,"end":17}],"tokens":[{"start":0,"end":5},{"start":6,"end":12},{"start":13,"end":17}]}]"#,
    ),
    (Format::Brat, "T1\tPER 0 5;6 11\tObama spoke\nR1\tx Arg1:T1\nT2\tX 13 16\tYes\n"),
    (
        Format::Hocr,
        "<div class='ocr_page' title='bbox 0 0 9 9'><p class=ocr_par><span class='ocr_line' title=\"bbox 1 1 8 2\"><span class='ocrx_word' title='bbox 1 1 4 2; x_wconf 9'>Nai-</span></span><br><span class='ocr_line'><span class='ocrx_word'>robi. &amp; Zoë</span></span></div>",
    ),
    (
        Format::Alto,
        "<alto><Page WIDTH='9' HEIGHT='9'><TextBlock><TextLine HPOS='1' VPOS='1' WIDTH='7' HEIGHT='1'><String CONTENT='Nai' HPOS='1' VPOS='1' WIDTH='2' HEIGHT='1' SUBS_TYPE='HypPart1' SUBS_CONTENT='Nairobi'/><HYP CONTENT='-'/></TextLine><TextLine><String CONTENT='robi'/></TextLine></TextBlock></Page></alto>",
    ),
    (
        Format::Page,
        "<PcGts><Page imageWidth='9' imageHeight='9'><ReadingOrder><RegionRef regionRef='b'/></ReadingOrder><TextRegion id='b'><TextLine><Coords points='1,1 8,2'/><Word><Coords points='1,1 4,2'/><TextEquiv conf='0.5'><Unicode>Zo\u{eb}.</Unicode></TextEquiv></Word></TextLine></TextRegion></Page></PcGts>",
    ),
    (Format::Ctm, ";; c\nr A 0.5 0.25 nairobi 0.9\nr A 3 1 zo\u{eb}\nq B 1 1 <ALT_BEGIN>\nq B 1 1 x\n"),
    (Format::Vtt, "WEBVTT\n\nNOTE x\n\n1\n00:01.000 --> 00:04.000\n<v A>Nai<00:02.000>robi &amp; <c>Zo\u{eb}</c>.\n"),
    (
        Format::Whisper,
        r#"{"language":"sw","segments":[{"text":" Nairobi. Zoë","start":1,"end":2.5,"words":[{"word":" Nai","start":1,"end":1.2,"probability":0.5},{"word":"robi."},{"word":" Zoë","start":2,"end":2.5}]}]}"#,
    ),
    (Format::Pharaoh, "0-0 1?1 2p2 3-3:0.5\n\n"),
    (Format::Naacl, "1 1 1 S\n0003 2 1 P 0.5\n"),
];
