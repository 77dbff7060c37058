//! The colours, for light and dark backgrounds, distinguishable for colour-blind readers.

use crate::report::model::Paint;

type Rgb = (u8, u8, u8);

/// A colour by its purpose, so that the page can replace it on a dark background.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Titles and numbers.
    Text,
    /// Labels, names of rules.
    Muted,
    /// The lines at the ticks.
    Grid,
    /// The edges of the plot, and rules.
    Axis,
    /// The background of the drawing.
    Surface,
    /// A place in the palette of series.
    Series(usize),
    /// The same colour on every background.
    Exact(u8, u8, u8),
}

/// Light and dark, each with a contrast of 3 or more with its background. The light ones were searched for the largest difference of any two (CIE 1976, 25) as people with
/// normal sight and with each kind of colour blindness see them (Machado et al., 2009); on dark it is 8, and markers and dashes differ too.
const SERIES: [(Rgb, Rgb); 10] = [
    ((0, 46, 156), (76, 164, 222)),
    ((255, 89, 0), (245, 130, 62)),
    ((9, 165, 158), (44, 190, 148)),
    ((139, 115, 194), (224, 140, 198)),
    ((163, 57, 16), (240, 180, 60)),
    ((11, 5, 28), (214, 216, 220)),
    ((88, 100, 255), (150, 210, 246)),
    ((159, 101, 82), (212, 116, 126)),
    ((83, 48, 43), (196, 192, 84)),
    ((122, 7, 100), (166, 150, 248)),
];

impl Ink {
    pub(crate) fn light(self) -> Rgb {
        self.pair().0
    }

    fn pair(self) -> (Rgb, Rgb) {
        match self {
            Ink::Text => ((27, 31, 36), (230, 233, 237)),
            Ink::Muted => ((86, 94, 104), (166, 175, 186)),
            Ink::Grid => ((228, 231, 235), (48, 54, 62)),
            Ink::Axis => ((138, 146, 156), (118, 128, 140)),
            Ink::Surface => ((255, 255, 255), (22, 26, 31)),
            Ink::Series(place) => SERIES[place % SERIES.len()],
            Ink::Exact(red, green, blue) => ((red, green, blue), (red, green, blue)),
        }
    }

    /// The page's variable for the colour.
    fn variable(self) -> String {
        match self {
            Ink::Text => "--text".to_owned(),
            Ink::Muted => "--muted".to_owned(),
            Ink::Grid => "--grid".to_owned(),
            Ink::Axis => "--axis".to_owned(),
            Ink::Surface => "--surface".to_owned(),
            Ink::Series(place) => format!("--series-{}", place % SERIES.len()),
            Ink::Exact(..) => String::new(),
        }
    }

    fn all() -> impl Iterator<Item = Ink> {
        [Ink::Text, Ink::Muted, Ink::Grid, Ink::Axis, Ink::Surface]
            .into_iter()
            .chain((0..SERIES.len()).map(Ink::Series))
    }
}

pub(crate) fn hex((red, green, blue): Rgb) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// Replaces the colours of an SVG by the page's variables.
pub(crate) fn by_variables(svg: &str) -> String {
    Ink::all().fold(svg.to_owned(), |svg, ink| {
        svg.replace(&format!("\"{}\"", hex(ink.light())), &format!("\"var({})\"", ink.variable()))
    })
}

/// The declarations of the page's variables for a light and for a dark background.
pub(crate) fn declarations() -> (String, String) {
    let of = |colour: fn((Rgb, Rgb)) -> Rgb| {
        Ink::all().map(|ink| format!("{}:{};", ink.variable(), hex(colour(ink.pair())))).collect::<String>()
    };
    (of(|pair| pair.0), of(|pair| pair.1))
}

/// The colour of a painted pixel. The classes rise in lightness with the damage, so that they differ without hue.
pub(crate) fn paint(paint: Paint) -> Rgb {
    match paint {
        Paint::Background => (17, 22, 28),
        Paint::TruePositive | Paint::Foreground => (232, 232, 232),
        Paint::FalsePositive => (230, 159, 0),
        Paint::FalseNegative => (86, 180, 233),
        Paint::Class1 => (86, 72, 196),
        Paint::Class2 => (200, 74, 158),
        Paint::Class3 => (246, 140, 62),
        Paint::Class4 => (252, 236, 146),
    }
}

/// The meaning of a byte of a painted picture.
pub(crate) fn paint_of(byte: u8) -> Option<Paint> {
    const PAINTS: [Paint; 9] = [
        Paint::Background,
        Paint::TruePositive,
        Paint::FalsePositive,
        Paint::FalseNegative,
        Paint::Foreground,
        Paint::Class1,
        Paint::Class2,
        Paint::Class3,
        Paint::Class4,
    ];
    PAINTS.into_iter().find(|paint| *paint as u8 == byte)
}

pub(crate) fn paint_hex(of: Paint) -> String {
    hex(paint(of))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance((red, green, blue): Rgb) -> f64 {
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    fn contrast(one: Rgb, other: Rgb) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// WCAG 2.1: 3 for parts of graphics, 4.5 for text.
    #[test]
    fn contrasts_suffice_on_both_backgrounds() {
        let (light, dark) = Ink::Surface.pair();
        for place in 0..SERIES.len() {
            let pair = Ink::Series(place).pair();
            assert!(contrast(pair.0, light) >= 3.0, "{place} on light: {}", contrast(pair.0, light));
            assert!(contrast(pair.1, dark) >= 3.0, "{place} on dark");
        }
        for ink in [Ink::Text, Ink::Muted] {
            let pair = ink.pair();
            assert!(contrast(pair.0, light) >= 4.5 && contrast(pair.1, dark) >= 4.5, "{ink:?}");
        }
    }

    #[test]
    fn each_ink_has_a_variable() {
        let svg: String = Ink::all().map(|ink| format!("<rect fill=\"{}\"/>", hex(ink.light()))).collect();
        let replaced = by_variables(&svg);
        assert!(!replaced.contains('#'), "{replaced}");
        assert_eq!(Ink::all().filter(|ink| replaced.contains(&format!("({})", ink.variable()))).count(), 15);
    }

    #[test]
    fn every_paint_has_its_byte() {
        for (byte, paint) in [(0, Paint::Background), (3, Paint::FalseNegative), (14, Paint::Class4)] {
            assert_eq!(paint_of(byte), Some(paint));
        }
        assert_eq!(paint_of(9), None);
    }
}
