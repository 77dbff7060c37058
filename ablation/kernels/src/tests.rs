use quickcheck::{Arbitrary, Gen, quickcheck};

use super::*;

/// A block of any small shape, with what it has learned, what it sees and the slopes of what it gives.
#[derive(Clone, Debug)]
struct Case {
    shape: Shape,
    input: Vec<f32>,
    kernels: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
    slopes: Vec<f32>,
}

impl Arbitrary for Case {
    fn arbitrary(g: &mut Gen) -> Self {
        let small = |g: &mut Gen, most: usize| usize::arbitrary(g) % most + 1;
        let (groups, of_group) = (small(g, 3), small(g, 3));
        let extent = Extent { width: small(g, 19), height: small(g, 9) + 1 };
        let shape = Shape { images: small(g, 2), from: small(g, 5), to: groups * of_group, groups, extent };
        let mut numbers =
            |count: usize| -> Vec<f32> { (0..count).map(|_| f32::from(i16::arbitrary(g)) / 20_000.0).collect() };
        let pixels = shape.images * extent.pixels();
        Case {
            shape,
            input: numbers(pixels * shape.from),
            kernels: numbers(shape.to * shape.from * TAPS),
            scale: numbers(shape.to),
            shift: numbers(shape.to),
            slopes: numbers(pixels * shape.to),
        }
    }
}

impl Case {
    fn learned(&self) -> Learned<'_> {
        Learned { kernels: &self.kernels, scale: &self.scale, shift: &self.shift }
    }

    /// The block by its definition, in `f64`.
    fn naive(&self, input: &[f64], kernels: &[f64], scale: &[f64], shift: &[f64]) -> Vec<f64> {
        let Shape { images, from, to, groups, extent: Extent { width, height } } = self.shape;
        let pixels = width * height;
        let mut all = vec![0.0; images * to * pixels];
        for image in 0..images {
            for channel in 0..to {
                for y in 0..height {
                    for x in 0..width {
                        let mut sum = 0.0;
                        for seen in 0..from {
                            for (dy, dx) in (0..3).flat_map(|dy| (0..3).map(move |dx| (dy, dx))) {
                                let (Some(v), Some(u)) = ((y + dy).checked_sub(1), (x + dx).checked_sub(1)) else {
                                    continue;
                                };
                                if v < height && u < width {
                                    sum += kernels[(channel * from + seen) * 9 + 3 * dy + dx]
                                        * input[(image * from + seen) * pixels + v * width + u];
                                }
                            }
                        }
                        all[(image * to + channel) * pixels + y * width + x] = sum;
                    }
                }
            }
        }
        for group in all.chunks_exact_mut(to / groups * pixels) {
            let mean = group.iter().sum::<f64>() / group.len() as f64;
            let variance = group.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / group.len() as f64;
            group.iter_mut().for_each(|number| *number = (*number - mean) / (variance + EPSILON).sqrt());
        }
        for (place, channel) in all.chunks_exact_mut(pixels).enumerate() {
            for number in channel {
                let linear = scale[place % to] * *number + shift[place % to];
                *number = if linear > 0.0 { linear } else { NEGATIVE_SLOPE * linear };
            }
        }
        all
    }

    /// Whether no number is so near to a kink, or a group so flat, that a difference quotient says nothing.
    fn is_smooth(&self) -> bool {
        let kept = forward(self.shape, &self.input, self.learned()).kept;
        let pixels = self.shape.extent.pixels();
        let linear = kept.normalised.chunks_exact(pixels).enumerate().flat_map(|(place, channel)| {
            let channel_of = place % self.shape.to;
            channel.iter().map(move |number| self.scale[channel_of] * number + self.shift[channel_of])
        });
        kept.inverses.iter().all(|inverse| *inverse < 20.0) && linear.into_iter().all(|linear| linear.abs() > 2e-3)
    }
}

fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|number| f64::from(*number)).collect()
}

quickcheck! {
    fn the_block_is_its_definition(case: Case) -> bool {
        let naive = case.naive(&wide(&case.input), &wide(&case.kernels), &wide(&case.scale), &wide(&case.shift));
        let kept = forward(case.shape, &case.input, case.learned());
        // What a flat group is divided by magnifies rounding.
        let error = 2e-5 * kept.kept.inverses.iter().fold(1.0, |a, b| f64::from(*b).max(a));
        kept.output.len() == naive.len()
            && kept.output.iter().zip(&naive).all(|(given, expected)| (f64::from(*given) - expected).abs() < error)
    }

    /// Along any direction in all that goes in, against the difference quotient of the definition.
    fn the_gradient_is_the_slope(case: Case, directions: u64) -> bool {
        if !case.is_smooth() {
            return true;
        }
        let kept = forward(case.shape, &case.input, case.learned()).kept;
        let found = backward(case.shape, &case.input, case.learned(), &kept, case.slopes.clone(), true);
        let parts = [&case.input, &case.kernels, &case.scale, &case.shift].map(|part| wide(part));
        let gradients = [&found.input.unwrap(), &found.kernels, &found.scale, &found.shift].map(|part| wide(part));
        let mut state = directions;
        let directions = gradients.each_ref().map(|part| part.iter().map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40) as f64 / f64::from(1 << 23) - 1.0
        }).collect::<Vec<f64>>());
        let at = |step: f64| {
            let moved: Vec<Vec<f64>> = parts.iter().zip(&directions)
                .map(|(part, direction)| part.iter().zip(direction).map(|(number, along)| number + step * along).collect())
                .collect();
            let output = case.naive(&moved[0], &moved[1], &moved[2], &moved[3]);
            output.iter().zip(&case.slopes).map(|(number, slope)| number * f64::from(*slope)).sum::<f64>()
        };
        let step = 1e-6;
        let quotient = (at(step) - at(-step)) / (2.0 * step);
        let along: f64 = gradients.iter().zip(&directions).flat_map(|(part, direction)| part.iter().zip(direction)).map(|(a, b)| a * b).sum();
        let size: f64 = gradients.iter().flatten().map(|slope| slope.abs()).sum();
        (quotient - along).abs() <= 1e-3 * size + 1e-3
    }

    fn nothing_is_given_back_for_an_input_that_nobody_asked_for(case: Case) -> bool {
        let kept = forward(case.shape, &case.input, case.learned()).kept;
        let [with, without] = [true, false]
            .map(|wants| backward(case.shape, &case.input, case.learned(), &kept, case.slopes.clone(), wants));
        without.input.is_none() && with.kernels == without.kernels && with.scale == without.scale
    }
}
