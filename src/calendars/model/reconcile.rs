//! What is to be done so that a person's calendar shows what is published: a comparison of the entries
//! that should be there with the ledger of those that are.

use super::seen::Digest;

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was delivered, or is being delivered.
    There,
    /// Its owner changed it, and has not said yet whose version counts.
    Conflict,
    /// Its owner keeps their own version: we leave it alone.
    Kept,
    /// It was taken back.
    Gone,
}

/// An entry in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its id in the ledger.
    pub id: i64,
    /// The channel it was delivered by.
    pub channel: i64,
    /// Whose entry it is: the assignment's.
    pub key: String,
    /// What became of it.
    pub standing: Standing,
    /// What was delivered last; none where nothing is known to have arrived.
    pub digest: Option<Digest>,
    /// We were writing it and don't know what came of that.
    pub unsettled: bool,
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Take back the entry with that id in the ledger.
    Remove(i64),
    /// Bring the entry with that id up to what is wanted at that place.
    Change(i64, usize),
    /// Deliver what is wanted at that place, for the so manieth time, from 1: a name that was taken
    /// back is not used again, since apps don't show those any more.
    Create(usize, usize),
}

/// What has to be done, first what goes, then what changes, then what is new.
///
/// `wanted` are the entries that `channel` should show, by key; none where there is no channel.
/// `known` is the ledger, of all channels, without what is past: the past stays as it is. Nothing is
/// to be done for what is delivered as it should be, for what its owner decides about, and for what is gone.
#[must_use]
pub fn steps(channel: Option<i64>, wanted: &[(String, Digest)], known: &[Known]) -> Vec<Step> {
    let mut removals = vec![];
    let mut changes = vec![];
    for one in known.iter().filter(|one| one.standing == Standing::There) {
        let place = wanted
            .iter()
            .position(|(key, _)| Some(one.channel) == channel && *key == one.key);
        match place.and_then(|place| Some((place, wanted.get(place)?))) {
            None => removals.push(Step::Remove(one.id)),
            Some((place, (_, digest))) if one.unsettled || one.digest != Some(*digest) => {
                changes.push(Step::Change(one.id, place));
            }
            Some(_) => {}
        }
    }
    let creations = wanted.iter().enumerate().filter_map(|(place, (key, _))| {
        let mut before = known
            .iter()
            .filter(|one| Some(one.channel) == channel && one.key == *key);
        before
            .clone()
            .all(|one| one.standing == Standing::Gone)
            .then(|| Step::Create(place, before.by_ref().count() + 1))
    });
    let creations: Vec<_> = creations.filter(|_| channel.is_some()).collect();
    [removals, changes, creations].concat()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn digest(n: u8) -> Digest {
        Digest::try_from(vec![n; 32]).unwrap()
    }

    fn known(id: i64, channel: i64, key: &str, standing: Standing, n: u8) -> Known {
        Known {
            id,
            channel,
            key: key.into(),
            standing,
            digest: Some(digest(n)),
            unsettled: false,
        }
    }

    #[test]
    fn only_what_differs_is_done() {
        let wanted: Vec<_> = [
            ("same", 1),
            ("changed", 2),
            ("new", 3),
            ("back", 4),
            ("mine", 5),
        ]
        .map(|(key, n)| (key.to_owned(), digest(n)))
        .into();
        let mut ledger = vec![
            known(10, 1, "same", Standing::There, 1),
            known(11, 1, "changed", Standing::There, 9),
            known(12, 1, "given away", Standing::There, 1),
            known(13, 1, "back", Standing::Gone, 4),
            known(14, 1, "mine", Standing::Kept, 9),
            known(15, 1, "theirs", Standing::Conflict, 9),
            known(16, 2, "same", Standing::There, 1),
        ];
        let expected = [
            Step::Remove(12),
            Step::Remove(16),
            Step::Change(11, 1),
            Step::Create(2, 1),
            Step::Create(3, 2),
        ];
        assert_eq!(steps(Some(1), &wanted, &ledger), expected);
        // The feed: everything that was delivered goes, and nothing new comes.
        let all: Vec<_> = [10, 11, 12, 16].map(Step::Remove).into();
        assert_eq!(steps(None, &wanted, &ledger), all);
        ledger[0].unsettled = true;
        assert!(steps(Some(1), &wanted, &ledger).contains(&Step::Change(10, 0)));
    }

    /// A mailbox's calendar: what invitations leave in it.
    #[derive(Default)]
    struct Mailbox(BTreeMap<String, (i32, Option<Digest>)>);

    impl Mailbox {
        fn take(&mut self, uid: &str, sequence: i32, content: Option<Digest>) {
            let before = self.0.insert(uid.to_owned(), (sequence, content));
            if let Some((last, shown)) = before {
                assert!(sequence > last, "{uid}: {sequence} after {last}");
                assert!(
                    shown.is_some(),
                    "{uid} is used again after it was taken back"
                );
            } else {
                assert!(
                    content.is_some(),
                    "{uid} is taken back without having been there"
                );
            }
        }
    }

    proptest! {
        /// Whatever changes, and whichever runs are lost before they are committed: in the end each
        /// shift stands once where it should, and nowhere else.
        #[test]
        fn the_ledger_ends_as_it_should(
            changes in prop::collection::vec(
                (prop::collection::btree_map("[a-e]", 0_u8..3, 0..5), prop::option::of(1_i64..4), any::<bool>()), 1..20),
        ) {
            let mut ledger: Vec<(Known, String, i32)> = vec![];
            let mut boxes: BTreeMap<i64, Mailbox> = BTreeMap::new();
            let last = changes.last().cloned().unwrap();
            for (wanted, channel, crash) in changes.into_iter().chain([(last.0.clone(), last.1, false)]) {
                if crash {
                    // Rolled back: neither ledger nor outbox knows of it.
                    continue;
                }
                let wanted: Vec<_> = wanted.into_iter().map(|(key, n)| (key, digest(n))).collect();
                let known: Vec<_> = ledger.iter().map(|(known, ..)| known.clone()).collect();
                for step in steps(channel, &wanted, &known) {
                    match step {
                        Step::Remove(id) => {
                            let (row, uid, sequence) = ledger.iter_mut().find(|(k, ..)| k.id == id).unwrap();
                            row.standing = Standing::Gone;
                            *sequence += 1;
                            boxes.entry(row.channel).or_default().take(uid, *sequence, None);
                        }
                        Step::Change(id, place) => {
                            let (row, uid, sequence) = ledger.iter_mut().find(|(k, ..)| k.id == id).unwrap();
                            row.digest = Some(wanted[place].1);
                            *sequence += 1;
                            boxes.entry(row.channel).or_default().take(uid, *sequence, row.digest);
                        }
                        Step::Create(place, time) => {
                            let (key, content) = &wanted[place];
                            let channel = channel.unwrap();
                            let uid = format!("{key}-{time}");
                            let id = i64::try_from(ledger.len()).unwrap();
                            let row = Known { digest: Some(*content), ..known_there(id, channel, key) };
                            ledger.push((row, uid.clone(), 0));
                            boxes.entry(channel).or_default().take(&uid, 0, Some(*content));
                        }
                    }
                }
                let known: Vec<_> = ledger.iter().map(|(known, ..)| known.clone()).collect();
                prop_assert_eq!(steps(channel, &wanted, &known), []);
                for (number, mailbox) in &boxes {
                    let mut shown: Vec<_> = mailbox.0.iter()
                        .filter_map(|(uid, (_, content))| Some((uid.split('-').next().unwrap().to_owned(), (*content)?)))
                        .collect();
                    shown.sort();
                    let expected = if Some(*number) == channel { wanted.clone() } else { vec![] };
                    prop_assert_eq!(shown, expected);
                }
            }
        }
    }

    fn known_there(id: i64, channel: i64, key: &str) -> Known {
        known(id, channel, key, Standing::There, 0)
    }
}
