//! Files and options that other programs read in another way than was meant: refused with a word, and no number.

mod common;

use std::fs;
use std::io::Write as _;
use std::path::Path;

use common::{Folder, close, number};
use flate2::Compression;
use flate2::write::GzEncoder;
use npyz::Order;

const SCORE: &str = "score --prediction p.tif --targets y.npy";

/// A TIFF of bytes, with these tags in place of or beside the usual ones, and pages of the same bytes that have others.
fn tiff(width: u32, height: u32, bytes: &[u8], pages: &[&[(u16, u32)]], description: &str) -> Vec<u8> {
    let mut file = b"II*\0\0\0\0\0".to_vec();
    let strip = file.len() as u32;
    file.extend_from_slice(bytes);
    let text = file.len() as u32;
    file.extend_from_slice(description.as_bytes());
    file.extend_from_slice(&[0, 0][..1 + (file.len() + 1) % 2]);
    let mut link = 4;
    for own in pages {
        let mut tags = vec![
            (256, width),
            (257, height),
            (258, 8),
            (259, 1),
            (262, 1),
            (273, strip),
            (277, 1),
            (278, height),
            (279, bytes.len() as u32),
        ];
        // Bands have a strip each.
        let bands = own.iter().find(|(tag, _)| *tag == 277).map_or(1, |(_, bands)| *bands);
        let strips = file.len() as u32;
        let area = bytes.len() as u32 / bands;
        for band in 0..bands {
            file.extend_from_slice(&(strip + band * area).to_le_bytes());
        }
        for _ in 0..bands {
            file.extend_from_slice(&area.to_le_bytes());
        }
        if bands > 1 {
            tags.retain(|(tag, _)| ![273, 279].contains(tag));
            tags.extend([(273, strips), (279, strips + 4 * bands)]);
        }
        tags.retain(|(tag, _)| !own.iter().any(|(other, _)| other == tag));
        tags.extend_from_slice(own);
        if !description.is_empty() {
            tags.push((270, text));
        }
        tags.sort_unstable();
        let start = file.len() as u32;
        file[link..link + 4].copy_from_slice(&start.to_le_bytes());
        file.extend_from_slice(&(tags.len() as u16).to_le_bytes());
        for (tag, value) in tags {
            let (kind, count) = match tag {
                270 => (2u16, description.len() as u32 + 1),
                273 | 279 => (4, bands),
                _ => (4, 1),
            };
            file.extend_from_slice(&tag.to_le_bytes());
            file.extend_from_slice(&kind.to_le_bytes());
            file.extend_from_slice(&count.to_le_bytes());
            file.extend_from_slice(&value.to_le_bytes());
        }
        link = file.len();
        file.extend_from_slice(&[0; 4]);
    }
    file
}

fn png(colour: png::ColorType, width: u32, height: u32, bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(colour);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(bytes).unwrap();
    writer.finish().unwrap();
    file
}

#[test]
fn layouts_of_tiff_that_are_read_in_two_ways_are_refused() {
    let folder = Folder::new();
    let mask = [0u8, 1, 1, 0, 1, 0];
    folder.c("y.npy", &[2, 3], &mask);
    let put = |bytes: &[u8]| fs::write(folder.path("p.tif"), bytes).unwrap();
    let dice = || number(&folder.run(SCORE, &["--json"]).json(), "metrics/classes/0/mean/dice/value");
    put(&tiff(3, 2, &mask, &[&[]], ""));
    assert_eq!(dice(), 1.0);
    let bands = mask.repeat(3);
    for (bytes, told) in [
        // Counts from white: Pillow turns the numbers round, and tifffile does not.
        (tiff(3, 2, &mask, &[&[(262, 0)]], ""), "minisblack"),
        // Three bands one after the other, of which the first would be unpacked as if it had fewer bits.
        (tiff(3, 2, &bands, &[&[(262, 2), (277, 3), (284, 2)]], ""), "one after the other"),
        // The second slice of a volume in one directory.
        (tiff(3, 2, &mask, &[&[(32997, 2)]], ""), "2 deep"),
        (tiff(3, 2, &mask, &[&[(274, 4)]], ""), "orientation 4"),
        (tiff(3, 2, &mask, &[&[(266, 2)]], ""), "fill order"),
        // A stack of three slices with a directory for the first.
        (tiff(3, 2, &mask, &[&[]], "ImageJ=1.54f\nimages=3\nslices=3\n"), "3 pictures"),
        (tiff(3, 2, &mask, &[&[]], "{\"shape\": [5, 2, 3], \"truncated\": true}"), "5 pictures"),
    ] {
        put(&bytes);
        let message = folder.run(SCORE, &[]).one_line();
        assert!(message.contains(told), "{message}");
    }
    // A smaller copy, or what says which pixels are transparent, is no page of a stack.
    for kind in [1, 4] {
        put(&tiff(3, 2, &mask, &[&[], &[(254, kind)]], ""));
        assert_eq!(dice(), 1.0);
    }
    put(&tiff(3, 2, &mask, &[&[]], "ImageJ=1.54f\nimages=1\n"));
    assert_eq!(dice(), 1.0);
}

#[test]
fn an_opacity_that_may_be_the_mask_is_refused() {
    let folder = Folder::new();
    let mask = [0u8, 1, 1, 0, 1, 0];
    folder.c("y.npy", &[2, 3], &mask);
    let words = "score --prediction p.png --targets y.npy";
    let put = |pixel: fn(u8) -> [u8; 4]| {
        let bytes: Vec<u8> = mask.iter().flat_map(|mask| pixel(*mask)).collect();
        fs::write(folder.path("p.png"), png(png::ColorType::Rgba, 3, 2, &bytes)).unwrap();
    };
    // Black, with the mask as opacity; and a grey beside an opacity of its own.
    for pixel in
        [|mask| [0, 0, 0, 255 * mask], |mask: u8| [mask, mask, mask, 255 - 100 * mask]] as [fn(u8) -> [u8; 4]; 2]
    {
        put(pixel);
        assert!(folder.run(words, &[]).one_line().contains("opacity"));
    }
    // Opaque all over, or as the grey says as well.
    for pixel in [|mask| [mask, mask, mask, 255], |mask| [mask, mask, mask, 255 * mask]] as [fn(u8) -> [u8; 4]; 2] {
        put(pixel);
        assert_eq!(number(&folder.run(words, &["--json"]).json(), "metrics/classes/0/mean/dice/value"), 1.0);
    }
}

#[test]
fn damaged_data_is_the_fault_of_the_file() {
    let folder = Folder::new();
    folder.c("y.npy", &[2, 2], &[0u8, 1, 1, 0]);
    folder.npz("p.npz", &[2, 2], &[0.0; 4], &[0, 1, 1, 0]);
    let mut bytes = fs::read(folder.path("p.npz")).unwrap();
    // The checksum of the last member, in the directory.
    let at = bytes.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    bytes[at + 16] ^= 1;
    fs::write(folder.path("p.npz"), &bytes).unwrap();
    assert!(folder.run("score --prediction p.npz:targets --targets y.npy", &[]).one_line().contains("damaged"));
    let mut header = vec![0u8; 352];
    header[0] = 0x5c;
    header[1] = 1;
    for (at, value) in [(40, 2u16), (42, 2), (44, 2), (70, 2), (72, 8)] {
        header[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }
    for (at, value) in [(80, 1f32), (84, 1.0), (108, 352.0)] {
        header[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    header[344..348].copy_from_slice(b"n+1\0");
    header.extend_from_slice(&[0, 1, 1, 0]);
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let volume = "score --prediction p.nii.gz --targets y.npy --axes zyx";
    let whole = gzip(&header);
    fs::write(folder.path("p.nii.gz"), &whole).unwrap();
    assert_eq!(number(&folder.run(volume, &["--json"]).json(), "metrics/classes/0/mean/dice/value"), 1.0);
    fs::write(folder.path("p.nii.gz"), &whole[..whole.len() - 6]).unwrap();
    assert!(folder.run(volume, &[]).one_line().contains("damaged"));
    // A summand that is no number.
    header[112..120].copy_from_slice(&[1f32.to_le_bytes(), f32::NAN.to_le_bytes()].concat());
    fs::write(folder.path("p.nii.gz"), gzip(&header)).unwrap();
    assert!(folder.run(volume, &[]).one_line().contains("scl_inter"));
    header[112..120].fill(0);
    // Two spacings: 1 of pixdim, and 3 of the affine.
    header[254] = 1;
    for (at, value) in [(280, 3f32), (300, 3.0), (320, 3.0)] {
        header[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    fs::write(folder.path("p.nii.gz"), gzip(&header)).unwrap();
    let message = folder.run(volume, &[]).one_line();
    assert!(message.contains("--spacing 1,1 or --spacing 3,3"), "{message}");
    let json = folder.run(volume, &["--spacing", "3,3", "--metrics", "hausdorff", "--json"]).json();
    assert_eq!(number(&json, "metrics/classes/0/mean/hausdorff/value"), 0.0);
}

#[test]
fn a_format_that_is_not_read_is_named_with_a_remedy() {
    let folder = Folder::new();
    folder.c("y.npy", &[1, 2], &[0u8, 1]);
    for (name, start, told) in [
        ("p.nrrd", &b"NRRD0004\ntype: unsigned char\n"[..], "SimpleITK"),
        ("p.mha", b"ObjectType = Image\n", "SimpleITK"),
        ("p.bmp", b"BM\xf6\x16\0\0", "PIL"),
        ("p.hdr", b"\x5c\x01\0\0\0\0\0\0", "nibabel"),
        ("p.img", b"\x02\x02\x02\x02\x02\x02", "nibabel"),
        ("p.mgh", b"\0\0\0\x01\0\0\0\x10", "nibabel"),
    ] {
        fs::write(folder.path(name), start).unwrap();
        let message = folder.run("score --targets y.npy --prediction", &[name]).one_line();
        assert!(message.contains(told), "{message}");
    }
}

#[test]
fn no_output_replaces_an_input_or_another_output() {
    let folder = Folder::new();
    for (file, target) in [("z/a.npy", "y/a.npy"), ("z/b.npy", "y/b.npy")] {
        folder.c(file, &[1, 4], &[2.0f32, -1.0, 0.5, -3.0]).c(target, &[1, 4], &[1u8, 0, 1, 1]);
    }
    let score = "score --logits z --targets y --loss bce";
    let input = fs::read(folder.path("z/a.npy")).unwrap();
    for option in ["--output", "--per-image", "--state"] {
        for place in ["z/a.npy", "./y/../z/a.npy"] {
            let message = folder.run(score, &[option, place]).one_line();
            assert!(message.contains("would overwrite"), "{message}");
        }
        let answer = folder.run(score, &[option, "nowhere/x"]);
        assert_eq!((answer.code, answer.err.contains("make it first")), (Some(1), true), "{}", answer.err);
        assert!(folder.run(score, &[option, "z"]).one_line().contains("folder"));
    }
    assert_eq!(fs::read(folder.path("z/a.npy")).unwrap(), input);
    assert!(folder.run(score, &["--output", "a.csv", "--per-image", "./a.csv"]).one_line().contains("same file"));
    assert!(folder.run(score, &["--output", "a.json", "--state", "b.json"]).one_line().contains("--state"));
    assert!(!folder.path("a.csv").exists() && !folder.path("b.json").exists());
    folder.run(score, &["--per-image", "rows.csv", "--state", "s.json"]).text();
    assert!(folder.run("merge s.json --output s.json", &[]).one_line().contains("would overwrite"));
    folder.run(score, &["--metrics", "dice", "--per-image", "rows.csv"]).text();
    let message = folder.run("score --compare rows.csv rows.csv --output rows.csv", &[]).one_line();
    assert!(message.contains("would overwrite"), "{message}");
}

#[test]
fn what_is_named_twice_does_not_count_twice() {
    let folder = Folder::new();
    folder.c("z/a.npy", &[1, 4], &[2.0f32, -1.0, 0.5, -3.0]).c("z/b.npy", &[1, 4], &[2.0f32, 1.0, 0.5, -3.0]);
    folder.c("y/a.npy", &[1, 4], &[1u8, 0, 1, 1]).c("y/b.npy", &[1, 4], &[1u8, 0, 0, 1]);
    let twice = folder.run("score --logits z/a.npy ./z/../z/a.npy --targets y/a.npy y/a.npy", &[]).one_line();
    assert!(twice.contains("count twice"), "{twice}");
    // Against another truth, as another reader drew it, it is another pair.
    folder.run("score --logits z/a.npy z/a.npy --targets y/a.npy y/b.npy --pair order", &[]).text();
    let state = |file: &str, name: &str| {
        let target = file.replace("z/", "y/");
        folder.run("score --loss bce --logits", &[file, "--targets", &target, "--state", name]).text();
    };
    state("z/a.npy", "1.json");
    state("./z//a.npy", "2.json");
    let message = folder.run("merge 1.json 2.json", &[]).one_line();
    assert!(message.contains("count twice") && message.contains("tell them apart"), "{message}");
    // Under another folder it may be another file, and is named.
    let whole = folder.path("z/a.npy").display().to_string();
    state(&whole, "3.json");
    let merged = folder.run("merge 1.json 3.json --json", &[]).json();
    assert!(merged["warnings"][0].as_str().is_some_and(|warning| warning.contains("counts twice")), "{merged}");
    state("z/b.npy", "4.json");
    assert_eq!(folder.run("merge 1.json 4.json --json", &[]).json()["warnings"], serde_json::json!([]));
}

#[test]
fn states_that_do_not_add_say_what_differs() {
    let folder = Folder::new();
    for name in ["a", "b"] {
        folder.c(&format!("p{name}.npy"), &[2, 2], &[0u8, 1, 1, 1]).c(
            &format!("y{name}.npy"),
            &[2, 2],
            &[0u8, 1, 1, 0],
        );
    }
    let words = "score --prediction pa.npy --targets ya.npy --metrics nsd --state a.json";
    folder.run(words, &[]).text();
    let words = "score --prediction pb.npy --targets yb.npy --metrics nsd --state b.json --tolerance 2";
    folder.run(words, &[]).text();
    let message = folder.run("merge a.json b.json", &[]).one_line();
    assert!(message.contains("metrics.tolerance is 2.0, and 1.0 in a.json"), "{message}");
}

#[test]
fn rows_of_other_settings_are_not_compared() {
    let folder = Folder::new();
    folder.c("y.npy", &[4, 4], &[0u8, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
    folder.c("p.npy", &[4, 4], &[0u8, 0, 1, 1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0]);
    let rows = |name: &str, others: &[&str]| {
        let words = format!("score --prediction p.npy --targets y.npy --per-image {name}");
        folder.run(&words, others).text();
    };
    for (name, settings, value) in [
        ("nsd", ["--tolerance", "0.5"], "tolerance"),
        ("hd95", ["--spacing", "1,3"], "spacing"),
        ("hd95", ["--points", "area"], "points"),
        ("f_beta", ["--beta", "3"], "beta"),
        ("pq", ["--connectivity", "faces"], "connectivity"),
        ("boundary_iou", ["--boundary-width", "2"], "boundary_width"),
    ] {
        let metrics = format!("{name},dice");
        rows("a.csv", &["--metrics", &metrics]);
        rows("b.csv", &["--metrics", &metrics, settings[0], settings[1]]);
        rows("b.jsonl", &["--metrics", &metrics, settings[0], settings[1]]);
        for other in ["b.csv", "b.jsonl"] {
            let message = folder.run("score --compare a.csv", &[other]).one_line();
            assert!(message.contains(value) && message.contains(name), "{message}");
            folder.run("score --metrics dice --compare a.csv", &[other]).text();
        }
    }
    // Fewer pixels, and what is no number.
    rows("a.csv", &[]);
    folder.c("mask.npy", &[4, 4], &[1u8, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
    rows("b.csv", &["--mask", "mask.npy"]);
    assert!(folder.run("score --compare a.csv b.csv", &[]).one_line().contains("same pixels"));
    let text = fs::read_to_string(folder.path("a.csv")).unwrap();
    let line: Vec<&str> = text.lines().nth(1).unwrap().split(',').collect();
    fs::write(folder.path("c.csv"), text.replace(line[line.len() - 1], "NaN")).unwrap();
    assert!(folder.run("score --compare a.csv c.csv", &[]).one_line().contains("no number"));
}

#[test]
fn foreground_of_predictions_is_not_taken_for_background() {
    let folder = Folder::new();
    folder.c("y.npy", &[1, 4], &[0u8, 255, 255, 0]).c("p.npy", &[1, 4], &[0u8, 1, 1, 0]);
    let words = "score --prediction p.npy --targets y.npy --foreground";
    let message = folder.run(words, &["255"]).one_line();
    assert!(message.contains("--foreground 255,1") && message.contains("--background 1"), "{message}");
    let json = folder.run(words, &["255,1", "--json"]).json();
    assert_eq!(number(&json, "metrics/classes/0/mean/dice/value"), 1.0);
    assert_eq!(json["warnings"], serde_json::json!([]));
    let json = folder.run(words, &["255", "--background", "1", "--json"]).json();
    assert_eq!(number(&json, "metrics/classes/0/mean/dice/value"), 0.0);
    // Grey levels of a compressed mask.
    folder.c("p.npy", &[1, 4], &[3u8, 250, 255, 0]);
    assert!(folder.run(words, &["255"]).one_line().contains("grey levels"));
    folder.c("p.npy", &[1, 4], &[0u8, 255, 7, 0]);
    assert!(folder.run(words, &["255", "--background", "9"]).one_line().contains("neither"));
    // A class that was missed among others is a score.
    folder.c("y.npy", &[1, 4], &[0u8, 3, 2, 1]).c("p.npy", &[1, 4], &[0u8, 1, 2, 1]);
    assert_eq!(number(&folder.run(words, &["3", "--json"]).json(), "metrics/classes/0/mean/dice/value"), 0.0);
}

#[test]
fn logits_that_may_be_probabilities_are_refused() {
    let folder = Folder::new();
    folder.c("p.npy", &[2, 2], &[0.1f32, 0.9, 0.8, 0.3]).c("y.npy", &[2, 2], &[0u8, 1, 1, 0]);
    let message = folder.run("score --logits p.npy --targets y.npy", &[]).one_line();
    assert!(message.contains("--probs") && message.contains("--small-logits"), "{message}");
    folder.run("score --logits p.npy --targets y.npy --small-logits", &[]).text();
    folder.run("score --probs p.npy --targets y.npy", &[]).text();
    // Channels that do not sum to 1, as sigmoids give them.
    folder.c("p.npy", &[1, 2, 2, 1], &[0.1f32, 0.9, 0.8, 0.3]).c("y.npy", &[1, 2, 1], &[0u8, 1]);
    assert!(folder.run("score --logits p.npy --targets y.npy", &[]).one_line().contains("--small-logits"));
    folder.run("score --logits p.npy --targets y.npy --small-logits", &[]).text();
    // One file of several that is so is none.
    folder.c("z.npy", &[1, 2, 2, 1], &[-1f32, 0.9, 4.0, 0.3]).c("z_y.npy", &[1, 2, 1], &[1u8, 0]);
    folder.run("score --logits p.npy z.npy --targets y.npy z_y.npy --pair order", &[]).text();
}

/// Images that axis 0 does not count lie among each other in Fortran order.
#[test]
fn images_of_fortran_order_have_the_losses_of_c_order() {
    let folder = Folder::new();
    let shape = [2u64, 3, 2, 2];
    let logits: Vec<f32> = (0..24u8).map(|place| f32::from(place * 7 % 13) - 6.0).collect();
    let targets: Vec<u8> = (0..24u8).map(|place| u8::from(place % 5 < 2)).collect();
    folder.c("z.npy", &shape, &logits).c("y.npy", &shape, &targets);
    // The same values where the first axis varies fastest.
    let place = |at: usize| {
        let [a, b, c, d] = [at % 2, at / 2 % 3, at / 6 % 2, at / 12];
        ((a * 3 + b) * 2 + c) * 2 + d
    };
    let turned: Vec<f32> = (0..24).map(|at| logits[place(at)]).collect();
    folder.array("f.npy", Order::Fortran, &shape, &turned);
    for dims in ["2", "3"] {
        let run = |name: &str, others: &[&str]| {
            let words =
                format!("score --logits {name} --targets y.npy --loss bce --loss dice --per-image --dims {dims}");
            folder.run(&words, others).json()
        };
        let (one, other) = (run("z.npy", &["--json"]), run("f.npy", &["--json"]));
        close(number(&one, "losses/0/value"), number(&other, "losses/0/value"), 0.0);
        close(number(&one, "losses/1/value"), number(&other, "losses/1/value"), 0.0);
    }
    assert!(Path::new(&folder.path("f.npy")).exists());
}

/// Values that are moved or repeated in memory keep the order of their bytes, and axes are put in order first.
#[test]
fn big_endian_and_fortran_files_are_repeated_and_moved_as_others() {
    let folder = Folder::new();
    let logits: Vec<f32> = (0..18u8).map(|place| f32::from(place * 7 % 13) - 6.0).collect();
    let mask = [0u8, 1, 1, 0, 0, 1, 0, 0, 0];
    folder.c("z.npy", &[2, 3, 3], &logits).c("y.npy", &[3, 3], &mask);
    let turned: Vec<u8> = (0..9).map(|at| mask[at % 3 * 3 + at / 3]).collect();
    folder.array("f.npy", Order::Fortran, &[3, 3], &turned);
    // The same bytes, and a header that says big-endian.
    let big = |name: &str, shape: &[u64], values: &[f32]| {
        let swapped: Vec<f32> = values.iter().map(|value| f32::from_bits(value.to_bits().swap_bytes())).collect();
        folder.c(name, shape, &swapped);
        let bytes = fs::read(folder.path(name)).unwrap();
        let at = bytes.windows(3).position(|window| window == b"<f4").unwrap();
        fs::write(folder.path(name), [&bytes[..at], b">", &bytes[at + 1..]].concat()).unwrap();
    };
    big("b.npy", &[3, 3], &mask.map(f32::from));
    let losses = |words: &str, others: &[&str]| folder.run(words, others).json()["losses"].clone();
    let words = "score --broadcast --dims 2 --loss bce --loss dice --json --logits z.npy --targets";
    let expected = losses(words, &["y.npy"]);
    assert_eq!(losses(words, &["f.npy"]), expected);
    assert_eq!(losses(words, &["b.npy"]), expected);
    folder.c("labels.npy", &[3, 3], &mask).c("zl.npy", &[3, 3, 2], &logits);
    big("zb.npy", &[3, 3, 2], &logits);
    let words = "score --channels-last --targets labels.npy --json --logits";
    assert_eq!(losses(words, &["zb.npy"]), losses(words, &["zl.npy"]));
}

#[test]
fn one_hot_label_maps_are_not_taken_for_masks() {
    let folder = Folder::new();
    let labels: Vec<u8> = (0..24u8).map(|place| place * 7 % 5 % 3).collect();
    let one_hot: Vec<u8> =
        (0..3u8).flat_map(|class| labels.iter().map(move |label| u8::from(*label == class))).collect();
    folder.c("y.npy", &[1, 3, 4, 6], &one_hot).c("p.npy", &[1, 3, 4, 6], &one_hot);
    let words = "score --prediction p.npy --targets y.npy --dims 2";
    let message = folder.run(words, &[]).one_line();
    assert!(message.contains("numpy.argmax(array, 1)") && message.contains("--multi-label"), "{message}");
    let json = folder.run(words, &["--multi-label", "--json"]).json();
    assert_eq!(json["metrics"]["classes"].as_array().map(Vec::len), Some(3));
    // Masks that overlap are none.
    let mut both = one_hot.clone();
    both[..2].fill(1);
    both[24..26].fill(1);
    folder.c("y.npy", &[1, 3, 4, 6], &both);
    folder.run(words, &[]).text();
    // 255 in the predictions, where the targets count.
    folder.c("y.npy", &[1, 4], &[0u8, 1, 2, 255]).c("p.npy", &[1, 4], &[0u8, 255, 2, 1]);
    let message = folder.run("score --prediction p.npy --targets y.npy --ignore 255", &[]).one_line();
    assert!(message.contains("--mask"), "{message}");
}
