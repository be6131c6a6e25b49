//! A small generator of its own, so that the same work gives the same answer on every machine.

/// `splitmix64`: every seed is a good seed.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    #[inline]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 when there is none.
    #[inline]
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u128::try_from(bound).unwrap_or(0);
        let scaled = (u128::from(self.next()) * bound) >> 64;
        usize::try_from(scaled).unwrap_or(0)
    }

    /// One of a list.
    #[inline]
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        list.get(self.below(list.len())).copied()
    }
}

/// How steps of annealing are judged: `-ln(u)` for evenly spread `u`, in 1/1024, from integer
/// arithmetic only, since logarithms of different machines differ in the last place.
pub(super) fn minus_ln() -> Vec<i128> {
    (0..1024_u128).map(|i| minus_ln_of(2 * i + 1)).collect()
}

/// `-ln(n / 2048)` in 1/1024, for odd `n` below 2048, by squaring: each squaring of a number
/// between 1 and 2 yields one more binary digit of its logarithm.
fn minus_ln_of(n: u128) -> i128 {
    let mut whole: i128 = 0;
    let mut mantissa = n << 32;
    while mantissa >= 2 << 32 {
        mantissa >>= 1;
        whole += 1;
    }
    let mut log2 = whole << 20;
    for digit in (0..20).rev() {
        mantissa = (mantissa * mantissa) >> 32;
        if mantissa >= 2 << 32 {
            mantissa >>= 1;
            log2 += 1 << digit;
        }
    }
    // ln 2 = 0.693147...; log2 is in 1/2^20.
    ((11 << 20) - log2) * 693_147 * 1024 / 1_000_000 / (1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_match_the_real_ones() {
        for (i, value) in (0_u32..).zip(minus_ln()) {
            let real = -(f64::from(2 * i + 1) / 2048.0).ln() * 1024.0;
            let value = f64::from(i32::try_from(value).unwrap());
            assert!((value - real).abs() < 1.5, "{i}: {value} and {real}");
        }
    }

    #[test]
    fn below_stays_below() {
        let mut random = Random::new(1);
        assert_eq!(random.below(0), 0);
        for bound in 1..100 {
            assert!(random.below(bound) < bound);
        }
    }
}
