//! Samples in, one figure out: median, minimum, geometric mean.
//!
//! Pure functions. Knows nothing of clocks or engines. Called by `ratio` and `report`.

/// The middle of the samples; of an even number, the mean of the two middle ones. None of no samples.
pub fn median(samples: &[f64]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

/// The smallest sample.
pub fn minimum(samples: &[f64]) -> Option<f64> {
    samples.iter().copied().min_by(f64::total_cmp)
}

/// Half the distance between the quartiles, as a share of the median: how far to trust the median.
pub fn spread(samples: &[f64]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |part: f64| sorted[((sorted.len() - 1) as f64 * part).round() as usize];
    let middle = median(samples)?;
    (middle > 0.0).then(|| (at(0.75) - at(0.25)) / 2.0 / middle)
}

/// The geometric mean of positive figures; None when there are none or one is not positive.
pub fn geometric_mean(figures: &[f64]) -> Option<f64> {
    if figures.is_empty() || figures.iter().any(|&figure| !(figure > 0.0 && figure.is_finite())) {
        return None;
    }
    let logs: f64 = figures.iter().map(|figure| figure.ln()).sum();
    Some((logs / figures.len() as f64).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_takes_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn minimum_takes_the_smallest() {
        assert_eq!(minimum(&[3.0, 1.0, 2.0]), Some(1.0));
        assert_eq!(minimum(&[]), None);
    }

    #[test]
    fn geometric_mean_of_a_factor_and_its_inverse_is_one() {
        let mean = geometric_mean(&[0.25, 4.0]).unwrap();
        assert!((mean - 1.0).abs() < 1e-12, "{mean}");
        let mean = geometric_mean(&[1.0, 10.0, 100.0]).unwrap();
        assert!((mean - 10.0).abs() < 1e-9, "{mean}");
    }

    #[test]
    fn geometric_mean_refuses_what_has_no_logarithm() {
        assert_eq!(geometric_mean(&[]), None);
        assert_eq!(geometric_mean(&[1.0, 0.0]), None);
        assert_eq!(geometric_mean(&[1.0, f64::NAN]), None);
    }

    #[test]
    fn spread_is_zero_of_equal_samples() {
        assert_eq!(spread(&[2.0, 2.0, 2.0]), Some(0.0));
        assert_eq!(spread(&[1.0, 2.0, 3.0, 4.0, 5.0]), Some(1.0 / 3.0));
    }
}
