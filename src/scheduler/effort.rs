//! How much work to spend, in steps and never in seconds.

/// How much work to spend on a recommendation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Effort {
    /// For a page that waits: a month for fifteen people in some hundredths of a second.
    Quick,
    /// For a draft: a quarter well within a second.
    #[default]
    Standard,
    /// For a year.
    Thorough,
    /// When nobody waits.
    Exhaustive,
}

impl Effort {
    /// Rounds of annealing, and steps in each.
    pub(super) fn work(self, slots: usize) -> (u32, u64) {
        let slots = u64::try_from(slots).unwrap_or(u64::MAX);
        match self {
            // Of a large problem one round is all that is quick.
            Self::Quick if slots > 200 => (1, slots.saturating_mul(500).min(200_000)),
            Self::Quick => (2, slots.saturating_mul(500).max(20_000)),
            Self::Standard => (4, slots.saturating_mul(3_000).clamp(100_000, 1_500_000)),
            Self::Thorough => (2, slots.saturating_mul(2_000).clamp(200_000, 5_000_000)),
            Self::Exhaustive => (
                8,
                slots.saturating_mul(120_000).clamp(4_000_000, 160_000_000),
            ),
        }
    }

    /// Work on the proof, in cells of tables: a few nanoseconds each.
    pub(super) fn proof(self) -> u64 {
        match self {
            Self::Quick => 10_000_000,
            Self::Standard => 100_000_000,
            Self::Thorough => 200_000_000,
            Self::Exhaustive => 3_000_000_000,
        }
    }

    /// How much of some work each round, from 1, gets: the later the more.
    pub(super) fn share(work: u64, round: u32, rounds: u32) -> u64 {
        let (round, rounds) = (u64::from(round), u64::from(rounds));
        work / (rounds * (rounds + 1) / 2) * round
    }

    /// Most pairs of slots that the second objective looks at.
    pub(super) fn pairs(self) -> usize {
        match self {
            Self::Quick => 500_000,
            Self::Standard => 2_000_000,
            Self::Thorough | Self::Exhaustive => 8_000_000,
        }
    }

    /// Looks at a person and slot for the first bound.
    pub(super) fn looks(self) -> usize {
        match self {
            Self::Quick => 1_000_000,
            Self::Standard => 6_000_000,
            Self::Thorough | Self::Exhaustive => 40_000_000,
        }
    }
}
