//! The burden of a slot, shared out over the parts it is cut into.

use crate::vocab::Points;

/// Minutes by kind and burden of each piece of a slot. `lengths` are the pieces' minutes. `ruled` has
/// what the rules say: each piece's minutes by kind, and the rates of a kind's hour. Together the
/// pieces have exactly the minutes and the burden of the slot, which may have been fixed under other
/// rules: then each piece gets its share by length.
#[must_use]
pub fn share_out(
    minutes: [i64; 4],
    points: Points,
    lengths: &[i64],
    ruled: Option<(Vec<[i64; 4]>, [i64; 4])>,
) -> Vec<([i64; 4], Points)> {
    let (by_kind, weights) =
        if let Some((pieces, rates)) = ruled.filter(|(pieces, _)| sums(pieces) == minutes) {
            let weight = |piece: &[i64; 4]| piece.iter().zip(rates).map(|(m, r)| m * r).sum();
            let weights: Vec<i64> = pieces.iter().map(weight).collect();
            (pieces, weights)
        } else {
            let mut pieces = vec![[0; 4]; lengths.len()];
            for (kind, whole) in minutes.into_iter().enumerate() {
                for (piece, part) in pieces.iter_mut().zip(split(whole, lengths)) {
                    if let Some(minutes) = piece.get_mut(kind) {
                        *minutes = part;
                    }
                }
            }
            (pieces, lengths.to_vec())
        };
    let weights = if weights.iter().sum::<i64>() == 0 {
        lengths.to_vec()
    } else {
        weights
    };
    let points = split(points.0, &weights).into_iter().map(Points);
    by_kind.into_iter().zip(points).collect()
}

fn sums(pieces: &[[i64; 4]]) -> [i64; 4] {
    pieces.iter().fold([0; 4], |mut sum, piece| {
        for (sum, minutes) in sum.iter_mut().zip(piece) {
            *sum += minutes;
        }
        sum
    })
}

/// Splits a whole by weights, so that nothing is lost to rounding.
fn split(whole: i64, weights: &[i64]) -> Vec<i64> {
    let (mut left, mut weight_left) = (whole, weights.iter().sum::<i64>());
    let part = |weight: &i64| {
        if weight_left <= 0 {
            return 0;
        }
        let part = i128::from(left) * i128::from(*weight) / i128::from(weight_left);
        let part = i64::try_from(part).unwrap_or(left);
        left -= part;
        weight_left -= weight;
        part
    };
    weights.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_night_weighs_what_the_rules_say() {
        // 13 h of day at 1.0 and 11 h of night at 1.5, cut where night begins.
        let pieces = vec![[780, 0, 0, 0], [0, 660, 0, 0]];
        let got = share_out(
            [780, 660, 0, 0],
            Points(2950),
            &[780, 660],
            Some((pieces, [100, 150, 200, 300])),
        );
        assert_eq!(
            got,
            [
                ([780, 0, 0, 0], Points(1300)),
                ([0, 660, 0, 0], Points(1650))
            ]
        );
    }

    proptest! {
        #[test]
        fn nothing_is_lost(
            minutes in prop::array::uniform4(0_i64..2000),
            points in 0_i64..100_000,
            lengths in prop::collection::vec(1_i64..1500, 1..4),
        ) {
            let pieces = share_out(minutes, Points(points), &lengths, None);
            prop_assert_eq!(pieces.len(), lengths.len());
            let all: Vec<[i64; 4]> = pieces.iter().map(|p| p.0).collect();
            prop_assert_eq!(sums(&all), minutes);
            prop_assert_eq!(pieces.iter().map(|p| p.1).sum::<Points>(), Points(points));
            prop_assert!(pieces.iter().all(|p| p.1.0 >= 0 && p.0.iter().all(|m| *m >= 0)));
        }
    }
}
