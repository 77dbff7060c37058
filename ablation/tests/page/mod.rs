//! A page, taken apart.

use std::collections::BTreeSet;
use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::common::Folder;

/// The text of a page.
pub struct Page {
    pub text: String,
}

/// Elements without an end.
const VOID: [&str; 5] = ["meta", "link", "img", "br", "hr"];

impl Page {
    #[track_caller]
    pub fn read(folder: &Folder, name: &str) -> Self {
        Self { text: fs::read_to_string(folder.path(name)).unwrap() }
    }

    /// Checks that elements end in the order in which they began, that ids are unique and anchors lead to them, and that nothing is loaded.
    #[track_caller]
    pub fn check(&self) {
        let (mut open, mut rest): (Vec<&str>, &str) = (Vec::new(), &self.text);
        while let Some((_, more)) = rest.split_once('<') {
            let (tag, after) = more.split_once('>').expect("an end of the tag");
            rest = after;
            let name = tag.split([' ', '\n', '/']).find(|part| !part.is_empty()).unwrap_or_default();
            if tag.starts_with('!') || tag.ends_with('/') || VOID.contains(&name) {
                continue;
            }
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(name), "</{name}> is out of order");
            } else {
                assert_eq!(tag.matches('"').count() % 2, 0, "<{tag}>");
                open.push(name);
            }
            // Braces and angle brackets of a style are no elements.
            if name == "style" && !tag.starts_with('/') {
                rest = &rest[rest.find("</style>").expect("an end of the style")..];
            }
        }
        assert!(open.is_empty(), "{open:?} have no end");
        let ids: Vec<&str> = self.attributes(" id=\"").collect();
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(unique.len(), ids.len(), "{ids:?}");
        for link in self.attributes(" href=\"").chain(self.attributes(" src=\"")).chain(self.attributes("url(\"")) {
            let leads = link.strip_prefix('#').is_some_and(|anchor| unique.contains(anchor));
            assert!(leads || link.starts_with("data:"), "{}", &link[..link.len().min(80)]);
        }
        for loading in ["<script", "@import", "<iframe", "<object", "<embed"] {
            assert!(!self.text.contains(loading), "{loading}");
        }
    }

    fn attributes<'a>(&'a self, begin: &str) -> impl Iterator<Item = &'a str> {
        self.text
            .split(begin)
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap_or_default())
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// What stands in a section.
    #[track_caller]
    pub fn section(&self, id: &str) -> &str {
        let ids = [format!("<section id=\"{id}\""), format!("<section class=\"summary\" id=\"{id}\"")];
        let begin = ids.iter().find_map(|begin| self.text.find(begin)).unwrap_or_else(|| panic!("no section {id}"));
        self.text[begin..].split("</section>").next().unwrap()
    }

    /// What stands in a table.
    #[track_caller]
    pub fn table(&self, id: &str) -> &str {
        let begin = format!("<div class=\"tabled\" id=\"table--{id}\"");
        let (_, rest) = self.text.split_once(&begin).unwrap_or_else(|| panic!("no table {id}"));
        rest.split("</table>").next().unwrap()
    }

    /// The texts of the cells below the head of a table.
    #[track_caller]
    pub fn cells(&self, id: &str) -> Vec<String> {
        let body = self.table(id).split("<tbody>").nth(1).unwrap();
        let texts = body.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text.trim().to_owned());
        texts.filter(|text| !text.is_empty()).collect()
    }

    /// The drawing for wide screens whose label begins so, in a section.
    #[track_caller]
    pub fn panel(&self, section: &str, label: &str) -> Panel<'_> {
        let begin = format!("<div class=\"panel\" role=\"img\" aria-label=\"{label}");
        let (_, rest) = self.section(section).split_once(&begin).unwrap_or_else(|| panic!("no panel {label}"));
        Panel(rest.split("</svg>").next().unwrap())
    }

    /// The images that are shown.
    pub fn cases(&self) -> Vec<String> {
        let figures = self.section("worst").split("<figure class=\"case\">").skip(1);
        figures.map(|case| case.split("</figure>").next().unwrap().to_owned()).collect()
    }
}

/// A drawing.
pub struct Panel<'a>(&'a str);

impl Panel<'_> {
    /// The middles of its circles, right and down.
    pub fn circles(&self) -> impl Iterator<Item = [f64; 2]> {
        let number = |circle: &str, name: &str| -> f64 {
            let (_, rest) = circle.split_once(&format!("{name}=\"")).unwrap();
            rest.split('"').next().unwrap().parse().unwrap()
        };
        self.0.split("<circle ").skip(1).map(move |circle| [number(circle, "cx"), number(circle, "cy")])
    }
}

/// Whether some places of a drawing are those of some values along one axis, whose ends and length are not known.
#[track_caller]
pub fn same_up_to_an_axis(mut places: Vec<f64>, mut values: Vec<f64>) {
    assert_eq!(places.len(), values.len());
    places.sort_by(f64::total_cmp);
    values.sort_by(f64::total_cmp);
    let (last, length) = (values.len() - 1, values[values.len() - 1] - values[0]);
    assert!(length > 0.0, "values that do not differ say nothing");
    for (place, value) in places.iter().zip(&values) {
        let expected = places[0] + (value - values[0]) / length * (places[last] - places[0]);
        // Places are rounded to whole units.
        assert!((place - expected).abs() <= 1.5, "{place} is not {expected}");
    }
}

/// The colours of all pixels of the picture in some HTML.
#[track_caller]
pub fn png_colours(html: &str) -> Vec<[u8; 3]> {
    let (_, rest) = html.split_once("src=\"data:image/png;base64,").expect("a picture");
    let bytes = STANDARD.decode(rest.split('"').next().unwrap()).unwrap();
    let mut decoder = png::Decoder::new(&bytes[..]);
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size()];
    reader.next_frame(&mut pixels).unwrap();
    let (colours, rest) = pixels.as_chunks::<3>();
    assert!(rest.is_empty());
    colours.to_vec()
}
