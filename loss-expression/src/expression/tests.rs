use quickcheck::{Arbitrary, Gen, QuickCheck};

use loss_core::list::{Arguments, Kind, ParameterFacts, Range, Value};

use super::*;

fn parsed(text: &str) -> Expression {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn error(text: &str) -> String {
    text.parse::<Expression>().expect_err(text).to_string()
}

fn coefficients(expression: &Expression) -> Vec<(f64, &'static str)> {
    expression.terms().iter().map(|term| (term.coefficient, term.term.name)).collect()
}

#[test]
fn sums_signs_and_brackets() {
    assert_eq!(coefficients(&parsed("bce")), [(1.0, "bce")]);
    assert_eq!(coefficients(&parsed("- 2*bce()-.5 * 3 *jaccard")), [(-2.0, "bce"), (-1.5, "iou")]);
    assert_eq!(
        coefficients(&parsed("0.5*(bce - (dice + 2 * mcc)) * 4\n+ --focal")),
        [(2.0, "bce"), (-2.0, "dice"), (-4.0, "mcc"), (1.0, "focal")]
    );
}

#[test]
fn text_is_normal() {
    let text = "-bce( pos_weight =7.50 ,)+1E-1*f1(smooth=0.00001,overlap=squared)";
    assert_eq!(parsed(text).to_string(), "-bce(pos_weight=7.5) + 0.1 * dice(smooth=1e-5, overlap=squared)");
}

#[test]
fn a_default_that_is_written_out_is_the_same_loss() {
    assert_eq!(parsed("dice"), parsed("dice(smooth=1e-5, smooth_numerator=1e-5, floor=0, overlap=product)"));
    assert_eq!(parsed("focal"), parsed("focal(gamma=2, alpha=none, form=mixture, reduction=mean)"));
    assert_ne!(parsed("focal"), parsed("focal(gamma=2.5)"));
    assert_eq!(parsed("bce(label_smoothing=0.2, smoothing=uniform)"), parsed("bce(label_smoothing=0.1)"));
    assert_eq!(parsed("bce(mean_epsilon=0)"), parsed("bce"));
}

#[test]
fn errors_point_at_their_column() {
    let cases = [
        ("bce + 2 * focl(gamma=2)", 11, "there is no loss \"focl\"; did you mean focal?", 4),
        ("bce(gama=2)", 5, "bce has no parameter \"gama\"", 4),
        ("focal(gamm=2)", 7, "focal has no parameter \"gamm\"; did you mean gamma?", 4),
        ("dice + focal(gamma=-2.5)", 20, "gamma is -2.5, out of range", 4),
        ("focal(alpha=1.01)", 13, "alpha is 1.01, out of range", 4),
        ("focal(gamma=none)", 13, "gamma is none, not a number", 4),
        ("focal(form=splt)", 12, "form cannot be splt; did you mean split?", 4),
        ("bce(smoothing=3)", 15, "smoothing cannot be 3", 1),
        ("dice(1e-5)", 6, "arguments of dice are named: name=1e-5", 4),
        ("dice(smooth=1, smooth=2)", 16, "smooth is given twice", 8),
        ("log_dice(smooth=1, alpha=0.3)", 20, "alpha needs of=tversky", 9),
        ("bce(reduction=sum, mean_epsilon=1)", 20, "mean_epsilon needs reduction=mean", 14),
        ("focal_tversky(gamma=0)", 21, "gamma is 0, out of range", 1),
        ("bce + ", 7, "expected a loss, found the end", 1),
        ("2 bce", 3, "expected '*', found 'b'", 1),
        ("é + bce", 1, "found 'é'", 1),
        ("bce + 1e400 * dice", 7, "the number is too large", 5),
        ("bce - 1e30 * 1e30 * dice", 7, "the coefficient is too large", 18),
    ];
    for (text, column, message, carets) in cases {
        let error: ExpressionError = text.parse::<Expression>().expect_err(text);
        let shown = error.to_string();
        assert_eq!(error.column(), column, "{shown}");
        assert!(shown.contains(message), "{shown}");
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[1], format!("  | {}", text.trim_end_matches('\n')), "{shown}");
        let caret = lines[2].chars().position(|character| character == '^').expect("a caret");
        assert_eq!(caret, column - 1 + "  | ".len(), "{shown}");
        assert_eq!(lines[2].matches('^').count(), carets, "{shown}");
    }
}

#[test]
fn errors_list_what_is_possible() {
    let unknown = error("bce + cross");
    for entry in BinaryLoss::entries() {
        assert!(unknown.contains(entry.facts.name), "{unknown}");
    }
    let parameter = error("tversky(gamma=1)");
    assert!(parameter.contains("alpha, beta, smooth, smooth_numerator"), "{parameter}");
    assert!(error("focal(alpha=2)").contains("alpha: a number, from 0 to 1, or none"));
    assert!(error("dice(overlap=max)").contains("overlap: product, squared, minimum"));
}

#[test]
fn brackets_nest_only_so_deep() {
    let nested = |depth: usize| format!("{}bce{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(parsed(&nested(32)), parsed("bce"));
    assert!(error(&nested(33)).contains("more than 32 brackets"));
    assert!(error(&"(".repeat(100_000)).contains("more than 32 brackets"));
}

fn build<L: Vocabulary>(entry: &'static Entry<L>, parameter: &'static ParameterFacts, value: Value) -> Option<L> {
    let mut given = vec![(parameter, value)];
    if entry.facts.name == "log_dice" && ["alpha", "beta"].contains(&parameter.name) {
        given.push((entry.facts.parameter("of").expect("a parameter"), Value::Word("tversky")));
    }
    entry.build(&Arguments::new(&entry.facts, &given)).ok()
}

/// A table that accepts less than the library hides something; one that accepts more fails late.
#[test]
fn ranges_are_those_of_the_library() {
    check_ranges::<BinaryLoss>();
    check_ranges::<ClassesLoss>();
}

fn check_ranges<L: Vocabulary>() {
    for entry in L::entries() {
        for parameter in entry.facts.parameters() {
            let (Kind::Number(range) | Kind::NumberOrNone(range)) = parameter.kind else { continue };
            let what = format!("{}.{}", entry.facts.name, parameter.name);
            let accepts = |number| build(entry, parameter, Value::Number(number)).is_some();
            let whole = ["k", "at_least"].contains(&parameter.name);
            let inside = range.minimum + if whole { 2.0 } else { (range.maximum - range.minimum).min(2.0) / 3.0 };
            assert!(range.contains(inside) && accepts(inside), "{what}");
            assert_eq!(range.contains(range.maximum), range.closed_above, "{what}");
            assert_eq!(accepts(range.maximum), range.closed_above, "{what}");
            assert_eq!(range.contains(range.minimum), range.closed, "{what}");
            assert_eq!(accepts(range.minimum), range.closed, "{what}");
            if parameter.name != "mean_epsilon" {
                assert!(!accepts(range.minimum - 0.5), "{what}");
            }
            for outside in [f64::NAN, range.minimum - 0.5, range.maximum * 1.5] {
                assert!(!range.contains(outside), "{what}");
            }
        }
    }
}

/// A parameter that `build` forgets would leave the loss as it is.
#[test]
fn every_parameter_changes_the_loss() {
    check_parameters::<BinaryLoss>();
    check_parameters::<ClassesLoss>();
}

fn check_parameters<L: Vocabulary>() {
    for entry in L::entries() {
        let facts = &entry.facts;
        let default = entry.build(&Arguments::new(facts, &[])).expect("a loss of defaults");
        for parameter in facts.parameters() {
            let values: Vec<Value> = match parameter.kind {
                Kind::Number(_) => vec![Value::Number(0.375)],
                Kind::NumberOrNone(range) => vec![Value::Number(if range.contains(0.375) { 0.375 } else { 3.0 })],
                Kind::Word(words) => words.iter().map(|word| Value::Word(word)).collect(),
                _ => continue,
            };
            let changed = values.iter().filter_map(|value| build(entry, parameter, *value));
            let different = changed.filter(|built| *built != default).count();
            // How targets are smoothed matters only if they are.
            let expected = if parameter.name == "smoothing" { 0 } else { values.len().max(2) - 1 };
            assert_eq!(different, expected, "{}.{}", facts.name, parameter.name);
        }
    }
}

/// An expression that is valid.
#[derive(Clone, Debug)]
struct Valid<L>(String, std::marker::PhantomData<fn() -> L>);

fn choose<'a, T>(random: &mut Gen, from: &'a [T]) -> &'a T {
    random.choose(from).expect("something to choose from")
}

fn number_within(random: &mut Gen, range: &Range) -> f64 {
    let candidates = [
        f64::arbitrary(random),
        f64::from(f32::arbitrary(random)),
        f64::from(u32::arbitrary(random)) / f64::from(u32::MAX),
        f64::from(i8::arbitrary(random)) / 8.0,
        1e-5,
    ];
    let fitting: Vec<f64> = candidates.into_iter().filter(|number| range.contains(*number)).collect();
    fitting.first().copied().unwrap_or(0.5)
}

fn loss<L: Vocabulary>(random: &mut Gen) -> String {
    let facts = &choose(random, L::entries()).facts;
    let name = *choose(random, &facts.names().collect::<Vec<_>>());
    let mut arguments = Vec::new();
    for parameter in facts.parameters() {
        let conflicts = ["mean_epsilon", "alpha", "beta", "k", "at_least", "threshold"].contains(&parameter.name)
            && facts.name != "tversky";
        if bool::arbitrary(random) || conflicts {
            continue;
        }
        let value = match parameter.kind {
            Kind::Word(words) => (*choose(random, words)).to_owned(),
            Kind::Number(range) => Short(number_within(random, &range)).to_string(),
            Kind::NumberOrNone(_) if bool::arbitrary(random) => "none".to_owned(),
            Kind::NumberOrNone(range) => Short(number_within(random, &range)).to_string(),
            _ => continue,
        };
        let space = *choose(random, &["", " ", "\n\t"]);
        arguments.push(format!("{space}{}{space}={space}{value}{space}", parameter.name));
    }
    if arguments.is_empty() && bool::arbitrary(random) {
        return name.to_owned();
    }
    format!("{name}({})", arguments.join(","))
}

impl<L: Vocabulary> Arbitrary for Valid<L> {
    fn arbitrary(random: &mut Gen) -> Self {
        let mut text = String::new();
        for index in 0..1 + usize::arbitrary(random) % 4 {
            if index > 0 || bool::arbitrary(random) {
                text.push_str(choose::<&str>(random, &[" + ", "-", "+ -"]));
            }
            if bool::arbitrary(random) {
                text.push_str(
                    &format!("{} * ", Short(f64::from(f32::arbitrary(random)).abs() % 1e30)).replace("NaN", "2"),
                );
            }
            match bool::arbitrary(random) {
                true => text.push_str(&loss::<L>(random)),
                false => text.push_str(&format!("({} - {})*2", loss::<L>(random), loss::<L>(random))),
            }
        }
        Self(text, std::marker::PhantomData)
    }
}

#[test]
fn text_reads_back_as_the_same_loss() {
    fn holds<L: Vocabulary>(Valid(text, _): Valid<L>) -> bool {
        let parsed = |text: &str| text.parse::<Expression<L>>().unwrap_or_else(|error| panic!("{error}"));
        let expression = parsed(&text);
        let shown = expression.to_string();
        let again = parsed(&shown);
        again == expression && again.to_string() == shown
    }
    QuickCheck::new().tests(2000).quickcheck(holds as fn(Valid<BinaryLoss>) -> bool);
    QuickCheck::new().tests(2000).quickcheck(holds as fn(Valid<ClassesLoss>) -> bool);
}

#[test]
fn losses_of_the_other_table_are_named_as_such() {
    let message = "ce + 2 * bce".parse::<Expression<ClassesLoss>>().expect_err("binary").to_string();
    assert!(message.contains("bce is a loss of binary masks, and these are classes; ce is"), "{message}");
    let message = error("gdl");
    assert!(message.contains("generalised_dice is a loss over classes, and these are binary masks"), "{message}");
    let message = "dice(empty=zero)".parse::<Expression<ClassesLoss>>().expect_err("no parameter").to_string();
    assert!(message.contains("absent"), "{message}");
}

/// Pieces of expressions in any order.
#[derive(Clone, Debug)]
struct Soup(String);

impl Arbitrary for Soup {
    fn arbitrary(random: &mut Gen) -> Self {
        const PIECES: [&str; 24] = [
            "bce",
            "dice",
            "focal",
            "gamma",
            "(",
            ")",
            "=",
            ",",
            "*",
            "+",
            "-",
            "1",
            "2.5",
            "1e",
            "e-5",
            ".",
            "none",
            "smooth",
            " ",
            "\n",
            "_",
            "é",
            "\0",
            "log_dice(of=tversky",
        ];
        let count = usize::arbitrary(random) % 12;
        Self((0..count).map(|_| *choose(random, &PIECES)).collect())
    }
}

fn is_answered(text: &str) -> bool {
    is_answered_by::<BinaryLoss>(text) && is_answered_by::<ClassesLoss>(text)
}

fn is_answered_by<L: Vocabulary>(text: &str) -> bool {
    match text.parse::<Expression<L>>() {
        Ok(expression) => !expression.terms().is_empty(),
        Err(error) => {
            let column = error.column();
            (1..=text.chars().count() + 1).contains(&column) && error.to_string().contains('^')
        }
    }
}

#[test]
fn any_text_is_answered() {
    QuickCheck::new().tests(5000).quickcheck((|Soup(text)| is_answered(&text)) as fn(Soup) -> bool);
    QuickCheck::new().tests(2000).quickcheck((|text: String| is_answered(&text)) as fn(String) -> bool);
}
