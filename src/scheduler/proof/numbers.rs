//! Exponential and logarithm from additions and multiplications only, which are the same on every
//! machine; those of the platform differ in the last place.

const LN2: f64 = std::f64::consts::LN_2;

/// `e^x` to about 12 digits; 0 far below zero, large but finite far above.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(super) fn exp(x: f64) -> f64 {
    let x = x.clamp(-690.0, 690.0);
    if x <= -690.0 {
        return 0.0;
    }
    let whole = (x / LN2).round();
    let r = x - whole * LN2;
    let mut term = 1.0 + r / 11.0;
    for n in [10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0] {
        term = 1.0 + term * r * (1.0 / n);
    }
    term * f64::from_bits(((whole as i64 + 1023) as u64) << 52)
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
            assert!((exp(x) - real).abs() <= 1e-11 * real, "exp {x}");
            assert!((ln(real) - x).abs() <= 1e-9, "ln exp {x}");
        }
        assert_eq!(exp(-1e9).to_bits(), 0.0_f64.to_bits());
        assert!(exp(f64::INFINITY).is_finite() && ln(0.0) < -600.0 && ln(-1.0) < -600.0);
    }
}
