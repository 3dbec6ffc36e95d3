"""Sentences in twenty scripts, made from words that are made up, for tokenisers to be trained and tested on."""

import random

# A range of letters, and how words are joined to sentences.
SCRIPTS = {
    "Latin": "abcdefghijklmnopqrstuvwxyzäöüßéèçñšžłő",
    "Cyrillic": "абвгдђежзијклљмнњопрстћуфхцчџшыэя",
    "Greek": "αβγδεζηθικλμνξοπρστυφχψωάέή",
    "Armenian": "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ",
    "Georgian": "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
    "Hebrew": "אבגדהוזחטיכלמנסעפצקרשתםןףךץ",
    "Arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "Devanagari": "अआइईउऊएओकखगघचछजटडणतथदधनपफबभमयरलवशसहािीुूेो्",
    "Bengali": "অআইউএকখগঘচছজটডতথদধনপফবভমযরলশসহািীুে্",
    "Gurmukhi": "ਅਆਇਉਏਕਖਗਘਚਛਜਟਡਤਥਦਧਨਪਫਬਭਮਯਰਲਵਸਹਾਿੀੁੇ",
    "Gujarati": "અઆઇઉએકખગઘચછજટડતથદધનપફબભમયરલવશસહાિીુે",
    "Tamil": "அஆஇஉஎகஙசஞடணதநபமயரலவழளறனாிீுெ்",
    "Telugu": "అఆఇఉఎకఖగఘచఛజటడతథదధనపఫబభమయరలవశసహాిీుె",
    "Thai": "กขคงจฉชซญดตถทธนบปผพฟภมยรลวสหอฮะาิีึุู",
    "Khmer": "កខគឃងចឆជឈញដឋឌណតថទធនបផពភមយរលវសហឡអាិីុ",
    "Ethiopic": "ሀሁሂለሉሊመሙሚሰሱሲረሩሪበቡቢተቱቲነኑኒአኡኢከኩኪ",
    "Hangul": "가나다라마바사아자차카타파하고노도로모보소오조초코토포호구누두루무부수우",
    "Hiragana": "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん",
    "Han": "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长",
    "Myanmar": "ကခဂဃငစဆဇညတထဒဓနပဖဗဘမယရလဝသဟအာိီုူေ",
}
PUNCTUATION = [".", ",", "!", "?", "(", ")", "«", "»", "-", "’", "。", "؟", "…"]
# What tokenisers treat in a way of their own.
ODD = ["Ａ１", "ﬁ", "e\u0301", "\u200d", "\u00a0", "A\u200bB", "1.000,50", "http://a.b/c?d=e", "İI", "ǅ", "👍🏽", "½", "x\ty", "[MASK]", "<s>", "don't", "\u202e", "ß", "İ", "Ⅻ"]


def sentences(count, seed):
    """As many sentences, each a list of tokens, all scripts in turn."""
    rng = random.Random(seed)
    words = {}
    for script, letters in SCRIPTS.items():
        words[script] = ["".join(rng.choice(letters) for _ in range(rng.randint(1, 8))) for _ in range(300)]
    result = []
    for index in range(count):
        script = list(SCRIPTS)[index % len(SCRIPTS)]
        sentence = []
        for _ in range(rng.choice([1, 3, 8, 12, 20, 40])):
            draw = rng.random()
            if draw < 0.8:
                word = rng.choice(words[script])
                sentence.append(word.capitalize() if rng.random() < 0.3 else word)
            elif draw < 0.88:
                sentence.append(rng.choice(PUNCTUATION))
            elif draw < 0.92:
                sentence.append(str(rng.randint(0, 99999)))
            elif draw < 0.95:
                sentence.append(rng.choice(ODD))
            else:
                sentence.append(rng.choice(words[rng.choice(list(SCRIPTS))]))
        result.append(sentence)
    return result
