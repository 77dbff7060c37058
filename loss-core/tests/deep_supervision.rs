//! Weights of scales as in nnU-Net and MONAI, and reduced label maps compared with ones made from the whole map.

use loss_core::LengthError;
use loss_core::deep_supervision::{Majority, Strides, halving, nnunet, normalised, same, total, two};
use quickcheck::quickcheck;

#[test]
fn weights() {
    assert_eq!(halving::<4>(), [1.0, 0.5, 0.25, 0.125]);
    assert_eq!(two::<3>(), [1.0, 0.5, 0.5]);
    assert_eq!(same::<3>(), [1.0; 3]);
    // nnU-Net: weights = 1 / 2^i; weights[-1] = 0; weights / sum
    assert_eq!(nnunet::<4>(), [4.0 / 7.0, 2.0 / 7.0, 1.0 / 7.0, 0.0]);
    assert_eq!(nnunet::<1>(), [1.0]);
    assert_eq!(normalised([3.0, 1.0]), [0.75, 0.25]);
    assert_eq!(normalised([0.0, 0.0]), [0.0, 0.0]);
    // The lecture's: 0.4·1/8 + 0.6·1/4 + 1.0·full.
    assert!(
        (total(&[1.0, 0.6, 0.4], &[6.35904475846011, 13.232128034096583, 16.888130672771407]) - 21.053573848026623)
            .abs()
            < 1e-12
    );
}

fn map(width: usize, height: usize, seed: u32) -> Vec<Vec<u8>> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12345);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let class = (state >> 24) % 5;
        if class == 4 { 255 } else { class as u8 }
    };
    (0..height).map(|_| (0..width).map(|_| next()).collect()).collect()
}

/// The most common class of a block, by definition.
fn commonest(labels: &[Vec<u8>], x: usize, y: usize, factor: usize) -> u8 {
    let block = labels.iter().skip(y * factor).take(factor).flat_map(|row| row.iter().skip(x * factor).take(factor));
    let votes: Vec<u8> = block.copied().filter(|&label| label < 4).collect();
    let count = |class: u8| votes.iter().filter(|&&vote| vote == class).count();
    (0..4).filter(|&class| count(class) > 0).rev().max_by_key(|&class| count(class)).unwrap_or(255)
}

quickcheck! {
    fn reductions_equal_those_of_the_whole_map(width: u8, height: u8, factor: u8, seed: u32) -> bool {
        let (width, height, factor) = (usize::from(width % 20) + 1, usize::from(height % 20) + 1, usize::from(factor % 8) + 1);
        let labels = map(width, height, seed);
        let (reduced_width, reduced_height) = (width.div_ceil(factor), height.div_ceil(factor));

        let mut strides = Strides::new(factor);
        let mut counts = vec![7; reduced_width * 4];
        let mut majority = Majority::new(factor, 4, 255u8, &mut counts);
        let (mut by_strides, mut by_majority) = (Vec::new(), Vec::new());
        let mut row = vec![0; reduced_width];
        for labels in &labels {
            if strides.push_row(labels, &mut row).unwrap().is_some() {
                by_strides.push(row.clone());
            }
            if majority.push_row(labels, &mut row).unwrap().is_some() {
                by_majority.push(row.clone());
            }
        }
        if majority.finish(&mut row).unwrap().is_some() {
            by_majority.push(row.clone());
        }
        let sliced: Vec<Vec<u8>> =
            labels.iter().step_by(factor).map(|row| row.iter().copied().step_by(factor).collect()).collect();
        let voted: Vec<Vec<u8>> = (0..reduced_height)
            .map(|y| (0..reduced_width).map(|x| commonest(&labels, x, y, factor)).collect())
            .collect();
        by_strides == sliced && by_majority == voted
    }
}

#[test]
fn too_little_room() {
    let error = Strides::new(2).push_row(&[1u8, 2, 3], &mut [0]).unwrap_err();
    assert_eq!(error, LengthError { slice: "the reduced row", length: 1, expected: 2 });
    let mut counts = [0; 3];
    let mut majority = Majority::new(2, 4, 255u8, &mut counts);
    assert_eq!(majority.push_row(&[1, 2], &mut [0]).unwrap_err().slice, "the scratch memory");
    let mut counts = [0; 8];
    let mut majority = Majority::new(2, 4, 255u8, &mut counts);
    let mut row = [0; 2];
    majority.push_row(&[1, 2, 3], &mut row).unwrap();
    assert_eq!(majority.push_row(&[1, 1, 3, 3], &mut row).unwrap_err().slice, "the row");
    assert_eq!(majority.push_row(&[1, 1, 3], &mut row).unwrap(), Some(2), "the bad row was not taken");
    assert_eq!(row, [1, 3]);
}
