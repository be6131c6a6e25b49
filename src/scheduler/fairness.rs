//! Who should carry how much: fair shares and balances, in whole weight units.
//!
//! `fair share = total burden * w / sum of all w`, where a person's `w` is
//! `capacity * minutes present * (100 - utilisation in per cent)`. Minutes present are those between
//! joining and leaving that are not leave; utilisation above 100 counts as 100. Shares are rounded
//! to whole units by largest remainder, so that they add up to the total.
//!
//! `balance = burden carried - fair share`, summed over the months of the look-back window. A
//! newcomer is present only from joining, so earlier months add neither burden nor share and the
//! balance starts at 0. Leave takes minutes away and with them the share: nobody comes back in
//! debt. Being unavailable takes nothing away: the share stays, and what is not carried is owed.

/// What a person's fair share of one period depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Claim {
    /// Capacity in any unit common to all; negative counts as 0.
    pub capacity: i64,
    /// Minutes of the period present and not on leave; see [`present_minutes`].
    pub present_min: i64,
    /// Per cent of working time already booked; below 0 counts as 0, above 100 as 100.
    pub utilisation: i64,
}

impl Claim {
    fn weight(self) -> i128 {
        let part = |n: i64, most: i64| i128::from(n.clamp(0, most));
        part(self.capacity, MAX) * part(self.present_min, MAX) * (100 - part(self.utilisation, 100))
    }
}

const MAX: i64 = 1_000_000_000_000;

/// Shares a total fairly. The shares add up to the total (unless nobody has any claim: then all are
/// 0); each is within one unit of the exact one. A negative total counts as 0.
#[must_use]
pub fn fair_shares(total: i64, claims: &[Claim]) -> Vec<i64> {
    let total = i128::from(total.clamp(0, MAX));
    let weights: Vec<i128> = claims.iter().map(|c| c.weight()).collect();
    let sum: i128 = weights.iter().sum();
    if sum == 0 {
        return vec![0; claims.len()];
    }
    let mut shares: Vec<i128> = weights.iter().map(|w| total * w / sum).collect();
    let mut left = total - shares.iter().sum::<i128>();
    let mut order: Vec<(i128, i128, usize)> = weights
        .iter()
        .enumerate()
        .map(|(i, w)| (-(total * w % sum), -w, i))
        .collect();
    order.sort_unstable();
    for (_, _, i) in order {
        if left == 0 {
            break;
        }
        if let Some(share) = shares.get_mut(i) {
            *share += 1;
            left -= 1;
        }
    }
    let whole = shares
        .into_iter()
        .map(|s| i64::try_from(s).unwrap_or(i64::MAX));
    whole.collect()
}

/// Minutes of a period that a person is present: after joining, before leaving, not on leave.
/// Intervals are half open, in minutes of any common clock; leave may overlap itself.
#[must_use]
pub fn present_minutes(
    period: (i64, i64),
    joined: Option<i64>,
    left: Option<i64>,
    leave: &[(i64, i64)],
) -> i64 {
    // A limit far beyond any calendar keeps every difference within range.
    let limit = |minute: i64| minute.clamp(-MAX, MAX);
    let from = limit(period.0.max(joined.unwrap_or(i64::MIN)));
    let to = limit(period.1.min(left.unwrap_or(i64::MAX)));
    let mut leave = leave.to_vec();
    leave.sort_unstable();
    let mut present = (to - from).max(0);
    let mut seen = from;
    for (start, end) in leave {
        let (start, end) = (start.max(seen), end.min(to));
        if start < end {
            present -= end - start;
            seen = end;
        }
    }
    present
}

/// One month of a person's past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Month {
    /// Burden carried.
    pub carried: i64,
    /// Fair share of it.
    pub fair_share: i64,
}

/// Burden carried minus fair share over the look-back window; negative: owed by the person.
#[must_use]
pub fn balance(months: &[Month]) -> i64 {
    months.iter().fold(0_i64, |sum, m| {
        sum.saturating_add(m.carried.saturating_sub(m.fair_share))
    })
}
