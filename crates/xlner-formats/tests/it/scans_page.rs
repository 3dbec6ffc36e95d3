//! PAGE XML: levels of text, readings, reading order.

use crate::scans::{element, equiv, page, words};
use crate::support::{notes, read, region, texts};
use serde_json::json;

#[test]
fn page_text_at_any_level() {
    let glyphs: String = "Oslo".chars().map(|c| element("Glyph", 1, &equiv(&c.to_string()))).collect();
    for (body, expected) in [
        (element("TextRegion", 1, &equiv("Only region text Oslo.")), "Only region text Oslo."),
        (element("TextLine", 1, &format!("{}{}", words(&["Ada"]), element("Word", 9, &glyphs))), "Ada Oslo"),
        (
            element("TextLine", 1, &format!("{}{}", words(&["Ada", "won"]), equiv("Ada Lovelace won."))),
            "Ada Lovelace won.",
        ),
        (
            element("TextLine", 1, &format!("{}{}", words(&["Ada", "Lovelace", "won"]), equiv("Ada won"))),
            "Ada Lovelace won",
        ),
        (element("TextLine", 1, &format!("{}{}", words(&["LDocke", "won"]), equiv("Locke won"))), "Locke won"),
        (
            element("TextLine", 1, &format!("{}{}", words(&["Nairobi", ".", "Leo"]), equiv("Nairobi. Leo"))),
            "Nairobi. Leo",
        ),
        (
            element(
                "TextRegion",
                1,
                &format!("{}{}", element("TextLine", 1, &equiv("Ada")), equiv("Ada\nLovelace\nwon")),
            ),
            "Ada Lovelace won",
        ),
        (
            element(
                "TextRegion",
                1,
                &format!("{}{}{}", equiv("Ada\nwon"), element("TextLine", 1, ""), element("TextLine", 2, "")),
            ),
            "Ada won",
        ),
        (element("TableRegion", 1, &element("TableCell", 2, &element("TextLine", 3, &equiv("Ada won")))), "Ada won"),
        (element("TextLine", 1, "<TextEquiv><PlainText>Ada won</PlainText></TextEquiv>"), "Ada won"),
    ] {
        assert_eq!(texts("a.page.xml", &page(&body)).join(" "), expected, "{body}");
    }
    let line = element("TextLine", 1, &format!("{}{}", words(&["LDocke", "won"]), equiv("Locke won")));
    assert_eq!(notes("a.page.xml", &page(&line)), [("two-texts", 1)]);
    let (found, _) = read("a.page.xml", &page(&line)).unwrap();
    assert_eq!(region(&found, "won")["bbox"], json!([1, 1, 6, 9]));
}

#[test]
fn page_takes_the_reading_with_the_lowest_index_or_the_highest_confidence() {
    let reading =
        |attributes: &str, text: &str| format!("<TextEquiv {attributes}><Unicode>{text}</Unicode></TextEquiv>");
    for (readings, expected) in [
        (reading("index='1'", "LDocke") + &reading("index='0'", "Locke"), "Locke"),
        (reading("index='10'", "LDocke") + &reading("index='9'", "Locke"), "Locke"),
        (reading("", "LDocke") + &reading("index='3'", "Locke"), "Locke"),
        (reading("conf='0.4'", "LDocke") + &reading("conf='0.9'", "Locke"), "Locke"),
        (reading("index='0' conf='0.1'", "Locke") + &reading("index='1' conf='0.9'", "LDocke"), "Locke"),
        (reading("", "Locke") + &reading("", "LDocke"), "Locke"),
        (reading("index='0'", " ") + &reading("index='1'", "Locke"), "Locke"),
    ] {
        let text = page(&element("TextLine", 1, &readings));
        assert_eq!(texts("a.page.xml", &text), [expected], "{readings}");
        let others = u64::from(!readings.contains("> <"));
        assert_eq!(notes("a.page.xml", &text).iter().map(|(_, count)| count).sum::<u64>(), others);
    }
}

#[test]
fn page_reading_order() {
    let regions: String = ["A", "B", "C", "D"]
        .map(|name| format!("<TextRegion id='{name}'><TextLine>{}</TextLine></TextRegion>", equiv(name)))
        .concat();
    let with =
        |order: &str| texts("a.page.xml", &page(&format!("<ReadingOrder>{order}</ReadingOrder>{regions}"))).join("");
    let reference = |index: u8, id: &str| format!("<RegionRefIndexed index='{index}' regionRef='{id}'/>");
    // In any order, by index and not by place.
    let order = [reference(2, "A"), reference(0, "C"), reference(1, "B")].concat();
    assert_eq!(with(&format!("<OrderedGroup id='g'>{order}</OrderedGroup>")), "CBAD");
    // Groups in groups.
    let inner = "<UnorderedGroupIndexed id='u' index='0'><RegionRef regionRef='D'/><RegionRef regionRef='B'/></UnorderedGroupIndexed>";
    assert_eq!(with(&format!("<OrderedGroup id='g'>{}{inner}</OrderedGroup>", reference(1, "A"))), "DBAC");
    assert_eq!(
        with("<UnorderedGroup id='g'><RegionRef regionRef='D'/><RegionRef regionRef='A'/></UnorderedGroup>"),
        "DABC"
    );
    // A region in a region goes with it, unless it has a place of its own.
    let nested = "<TextRegion id='A'><TextLine><TextEquiv><Unicode>A</Unicode></TextEquiv></TextLine><TextRegion id='N'><TextLine>\
        <TextEquiv><Unicode>N</Unicode></TextEquiv></TextLine></TextRegion></TextRegion><TextRegion id='B'><TextLine><TextEquiv>\
        <Unicode>B</Unicode></TextEquiv></TextLine></TextRegion>";
    let order =
        |ids: &str| ids.chars().enumerate().map(|(at, id)| reference(at as u8, &id.to_string())).collect::<String>();
    let nested = |ids: &str| {
        let order = format!("<ReadingOrder><OrderedGroup id='g'>{}</OrderedGroup></ReadingOrder>", order(ids));
        texts("a.page.xml", &page(&format!("{order}{nested}"))).join("")
    };
    assert_eq!((nested("BA"), nested("BNA"), nested("NBA")), ("BAN".into(), "BNA".into(), "NBA".into()));
    // Transkribus' own order, of regions and of lines.
    let custom = |name: &str, index: u8, inside: &str| {
        format!("<{name} custom='readingOrder {{index:{index};}}'>{inside}</{name}>")
    };
    let line = |index, text: &str| custom("TextLine", index, &equiv(text));
    let regions = custom("TextRegion", 1, &(line(1, "D") + &line(0, "C")))
        + &custom("TextRegion", 0, &(line(0, "A") + &line(1, "B")));
    assert_eq!(texts("a.page.xml", &page(&regions)).join(" "), "A B C D");
}

#[test]
fn page_layers_and_relations_are_no_reading_order() {
    let regions = ["A", "B"]
        .map(|name| format!("<TextRegion id='{name}'><TextLine>{}</TextLine></TextRegion>", equiv(name)))
        .concat();
    let layers = "<Layers><Layer id='l'><RegionRef regionRef='B'/></Layer></Layers>";
    assert_eq!(texts("a.page.xml", &page(&format!("{layers}{regions}"))).join(""), "AB");
}

#[test]
fn page_plain_text_counts_where_unicode_is_empty() {
    let text = |inside: &str| {
        format!(
            "<PcGts><Page imageWidth=\"9\" imageHeight=\"9\"><TextRegion id=\"r\"><Coords points=\"1,1 9,9\"/><TextLine id=\"l\"><Coords points=\"1,1 9,9\"/><TextEquiv>{inside}</TextEquiv></TextLine></TextRegion></Page></PcGts>"
        )
    };
    for inside in [
        "<PlainText>Ada</PlainText><Unicode></Unicode>",
        "<Unicode></Unicode><PlainText>Ada</PlainText>",
        "<PlainText>Adx</PlainText><Unicode>Ada</Unicode>",
        "<Unicode>Ada</Unicode><PlainText>Adx</PlainText>",
    ] {
        assert_eq!(texts("a.page.xml", &text(inside)), ["Ada"], "{inside}");
    }
}

#[test]
fn tags_of_names_are_noted() {
    let line = |custom: &str| {
        let begin = format!("<TextLine custom=\"readingOrder {{index:0;}} {custom}\">");
        page(&format!("<TextRegion>{begin}{}</TextLine></TextRegion>", equiv("Ada won in Oslo.")))
    };
    let names = "person {offset:0; length:3;} place {offset:11; length:4;continued:true;}";
    assert_eq!(notes("a.page.xml", &line(names)), [("text-tags", 2)]);
    assert_eq!(notes("a.page.xml", &line("textStyle {offset:0; length:3;bold:true;} structure {type:heading;}")), []);
}

#[test]
fn alto_tags_of_names_are_noted() {
    let page = |tags: &str| {
        format!(
            "<alto><Tags><NamedEntityTag ID=\"n1\" LABEL=\"person\"/><LayoutTag ID=\"l1\" LABEL=\"main\"/></Tags><Layout><Page>\
             <PrintSpace><TextBlock><TextLine><String CONTENT=\"Ada\" TAGREFS=\"{tags}\"/></TextLine></TextBlock></PrintSpace></Page>\
             </Layout></alto>"
        )
    };
    assert_eq!(notes("a.alto.xml", &page("l1 n1")), [("named-entity-tags", 1)]);
    assert_eq!(notes("a.alto.xml", &page("l1")), []);
}
