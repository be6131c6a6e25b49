//! Exponential and logarithm from additions and multiplications only, which are the same on every
//! machine; those of the platform differ in the last place.

const LN2: f64 = std::f64::consts::LN_2;

/// Added to a small number it leaves the nearest whole number in the last bits.
const WHOLE: f64 = 6_755_399_441_055_744.0;

/// `e^x` to about 7 digits, which is enough to propose prices; next to 0 far below zero, large but
/// finite far above. Without a branch, so that several are worked out at once.
#[inline]
pub(super) fn exp(x: f64) -> f64 {
    let x = if x > -690.0 { x } else { -690.0 };
    let x = if x < 690.0 { x } else { 690.0 };
    let shifted = x * (1.0 / LN2) + WHOLE;
    let r = x - (shifted - WHOLE) * LN2;
    let square = r * r;
    let low = 1.0 + r + square * (0.5 + r * (1.0 / 6.0));
    let high = square * square * (1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0)));
    let power = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    (low + high) * power
}

/// The sum of the products of two rows, added up four at a time, so that no addition waits for the one
/// before; always in the same order.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let count = a.len().min(b.len());
    let (a, b) = (a.get(..count), b.get(..count));
    let (a, a_rest) = a.unwrap_or_default().as_chunks::<4>();
    let (b, b_rest) = b.unwrap_or_default().as_chunks::<4>();
    let mut sums = [0.0; 4];
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    let [a, b, c, d] = sums;
    (a + b) + (c + d) + rest
}

/// Natural logarithm of a positive normal number; of anything else a number far below zero.
#[allow(clippy::cast_precision_loss)]
pub(super) fn ln(x: f64) -> f64 {
    if !x.is_normal() || x < 0.0 {
        return -700.0;
    }
    let bits = x.to_bits();
    let exponent = (bits >> 52).cast_signed() - 1023;
    let mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | (1023 << 52));
    let (mantissa, exponent) = if mantissa > std::f64::consts::SQRT_2 {
        (mantissa / 2.0, exponent + 1)
    } else {
        (mantissa, exponent)
    };
    // ln m = 2 artanh((m - 1) / (m + 1)).
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let square = t * t;
    let mut sum = 0.0;
    for n in [19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        sum = sum * square + 1.0 / n;
    }
    2.0 * t * sum + exponent as f64 * LN2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_good_as_the_real_ones() {
        for n in -6_000_i32..6_000 {
            let x = f64::from(n) / 10.0;
            let real = x.exp();
            assert!((exp(x) - real).abs() <= 3e-7 * real, "exp {x}");
            assert!((ln(real) - x).abs() <= 1e-9, "ln exp {x}");
        }
        assert!(exp(-1e9) < 1e-290 && exp(f64::NAN).is_finite());
        assert!(exp(f64::INFINITY).is_finite() && ln(0.0) < -600.0 && ln(-1.0) < -600.0);
    }
}
