//! How one entry is brought into a calendar on a server that others write to as well, and to which
//! the line may break at any moment.
//!
//! What we are about to do is noted before ([`Intent`]), so that after a crash, or an answer that never
//! came, an entry that is there is read and recognised as our own. Every write names the version that it
//! replaces; when that one is no longer there, the entry is read. What differs from all we wrote is its
//! owner's, and is left alone until they decide.

use super::seen::Digest;

/// What we were doing when we last heard nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Writing this.
    Write(Digest),
    /// Removing it.
    Remove,
}

/// What we know of an entry on the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The server's name for the version we know of.
    pub etag: Option<String>,
    /// What that version shows; none where nothing is known to be there.
    pub digest: Option<Digest>,
    /// What we were doing when we last heard nothing.
    pub intent: Option<Intent>,
}

/// What to do with an entry next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// It is as it should be, or not there as it should not be.
    Done,
    /// Look at what is there.
    Read,
    /// Write it where nothing is: note the intent first.
    Create,
    /// Write it over that version: note the intent first.
    Overwrite(String),
    /// Remove that version: note the intent first.
    Delete(String),
}

/// What the server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is written; the name of the new version, where the server tells.
    Stored(Option<String>),
    /// It is removed, or was not there.
    Deleted,
    /// Another version is there than we thought, or none.
    Clash,
    /// Nothing is there.
    Missing,
    /// This version is there, and shows this.
    Found(String, Digest),
}

/// What its owner did to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theirs {
    /// They changed it.
    Changed,
    /// They removed it.
    Removed,
}

/// What we know after an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Go on with this.
    With(Held),
    /// It is its owner's now; what is there.
    Conflict(Theirs, Held),
}

/// What to do so that the entry shows `goal`; none: so that it is not there.
#[must_use]
pub fn next(held: &Held, goal: Option<Digest>) -> Move {
    if held.intent.is_some() {
        return Move::Read;
    }
    match (&held.digest, &held.etag, goal) {
        (None, _, None) => Move::Done,
        (None, _, Some(_)) => Move::Create,
        (Some(there), _, Some(goal)) if *there == goal => Move::Done,
        (Some(_), None, _) => Move::Read,
        (Some(_), Some(etag), Some(_)) => Move::Overwrite(etag.clone()),
        (Some(_), Some(etag), None) => Move::Delete(etag.clone()),
    }
}

/// What is to be noted before a move.
#[must_use]
pub fn intended(action: &Move, goal: Option<Digest>) -> Option<Intent> {
    match action {
        Move::Create | Move::Overwrite(_) => goal.map(Intent::Write),
        Move::Delete(_) => Some(Intent::Remove),
        Move::Done | Move::Read => None,
    }
}

/// What the server's answer to a move means. Before a [`Move::Create`], [`Move::Overwrite`] or
/// [`Move::Delete`] the intent was noted in `held`.
#[must_use]
pub fn answered(held: Held, goal: Option<Digest>, answer: Answer) -> Next {
    let Held {
        etag,
        digest,
        intent,
    } = held;
    let writing = match intent {
        Some(Intent::Write(digest)) => Some(digest),
        _ => None,
    };
    match answer {
        Answer::Stored(Some(etag)) => Next::With(Held {
            etag: Some(etag),
            digest: writing,
            intent: None,
        }),
        // Which version it is comes out by reading it.
        Answer::Stored(None) => Next::With(Held {
            etag,
            digest,
            intent,
        }),
        // Nothing that can be relied on; an intent has it read, too.
        Answer::Clash => Next::With(Held {
            etag: None,
            digest,
            intent,
        }),
        Answer::Missing if digest.is_some() && goal.is_some() && intent != Some(Intent::Remove) => {
            Next::Conflict(Theirs::Removed, Held::default())
        }
        // It is gone as it should be, or what we were writing never arrived.
        Answer::Deleted | Answer::Missing => Next::With(Held::default()),
        Answer::Found(version, shown) => {
            let ours = [writing, digest, goal].contains(&Some(shown));
            let found = Held {
                etag: Some(version),
                digest: Some(shown),
                intent: None,
            };
            if ours {
                Next::With(found)
            } else {
                Next::Conflict(Theirs::Changed, found)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn digest(n: u8) -> Digest {
        Digest::try_from(vec![n; 32]).unwrap()
    }

    /// A calendar server with one place, and its owner.
    #[derive(Clone, Default, Debug)]
    struct Server {
        there: Option<(u32, Digest)>,
        versions: u32,
        /// Whether the owner has touched what is there since we last wrote.
        touched: bool,
        /// Whether they have removed it since.
        removed: bool,
        tells_versions: bool,
    }

    impl Server {
        fn write(&mut self, content: Digest) {
            self.versions += 1;
            self.removed = false;
            self.there = Some((self.versions, content));
        }

        fn take(&mut self, action: &Move, goal: Option<Digest>) -> Answer {
            let version = self.there.map(|(version, _)| version.to_string());
            match action {
                Move::Done => unreachable!(),
                Move::Read => match self.there {
                    Some((version, content)) => Answer::Found(version.to_string(), content),
                    None => Answer::Missing,
                },
                Move::Create if version.is_some() => Answer::Clash,
                Move::Overwrite(known) | Move::Delete(known) if version.as_ref() != Some(known) => {
                    if version.is_none() && matches!(action, Move::Delete(_)) {
                        Answer::Deleted
                    } else {
                        Answer::Clash
                    }
                }
                Move::Create | Move::Overwrite(_) => {
                    assert!(!self.touched, "what its owner made of it was overwritten");
                    self.write(goal.unwrap());
                    let told = self.tells_versions;
                    Answer::Stored(told.then(|| self.versions.to_string()))
                }
                Move::Delete(_) => {
                    assert!(!self.touched, "what its owner made of it was removed");
                    self.there = None;
                    Answer::Deleted
                }
            }
        }
    }

    /// Brings it to `goal`; with `crash`, the process dies after so many steps: odd ones before the
    /// server hears of it, even ones before we hear the answer. What its owner did, where it matters.
    fn run(
        held: &mut Held,
        server: &mut Server,
        goal: Option<Digest>,
        crash: usize,
    ) -> Option<Theirs> {
        for turn in 0.. {
            assert!(turn < 8, "no end: {held:?} {server:?}");
            let action = next(held, goal);
            if action == Move::Done {
                return None;
            }
            held.intent = intended(&action, goal).or(held.intent);
            if crash == turn * 2 + 1 {
                return None;
            }
            let answer = server.take(&action, goal);
            if crash == turn * 2 + 2 {
                return None;
            }
            match answered(held.clone(), goal, answer) {
                Next::With(then) => *held = then,
                Next::Conflict(theirs, then) => {
                    *held = then;
                    return Some(theirs);
                }
            }
        }
        None
    }

    #[test]
    fn a_write_that_nobody_heard_of_is_found_again() {
        let mut held = Held::default();
        let mut server = Server {
            tells_versions: true,
            ..Server::default()
        };
        // Written, and the process died before it knew.
        assert_eq!(run(&mut held, &mut server, Some(digest(1)), 2), None);
        assert_eq!(server.there, Some((1, digest(1))));
        // Meanwhile it should show something else.
        assert_eq!(run(&mut held, &mut server, Some(digest(2)), 0), None);
        assert_eq!(server.there, Some((2, digest(2))));
        assert_eq!(held.digest, Some(digest(2)));
        assert_eq!(run(&mut held, &mut server, None, 0), None);
        assert_eq!((server.there, held), (None, Held::default()));
    }

    #[test]
    fn a_removal_that_nobody_heard_of_is_no_removal_by_its_owner() {
        let mut held = Held::default();
        let mut server = Server {
            tells_versions: true,
            ..Server::default()
        };
        run(&mut held, &mut server, Some(digest(1)), 0);
        assert_eq!(run(&mut held, &mut server, None, 2), None);
        assert_eq!(server.there, None);
        assert_eq!(run(&mut held, &mut server, Some(digest(1)), 0), None);
        assert_eq!(server.there.map(|(_, content)| content), Some(digest(1)));
    }

    #[test]
    fn an_entry_that_only_got_another_version_is_still_ours() {
        let mut held = Held::default();
        let mut server = Server {
            tells_versions: true,
            ..Server::default()
        };
        run(&mut held, &mut server, Some(digest(1)), 0);
        server.write(digest(1));
        assert_eq!(run(&mut held, &mut server, Some(digest(2)), 0), None);
        server.write(digest(2));
        assert_eq!(run(&mut held, &mut server, None, 0), None);
        assert_eq!(server.there, None);
    }

    #[test]
    fn what_its_owner_did_is_left_alone_until_they_decide() {
        let mut held = Held::default();
        let mut server = Server {
            tells_versions: true,
            ..Server::default()
        };
        run(&mut held, &mut server, Some(digest(1)), 0);
        server.write(digest(9));
        server.touched = true;
        for goal in [Some(digest(2)), None] {
            let mut held = held.clone();
            assert_eq!(run(&mut held, &mut server, goal, 0), Some(Theirs::Changed));
            // They decide for ours: it takes the place of what they have seen.
            let mut server = Server {
                touched: false,
                ..server.clone()
            };
            assert_eq!(run(&mut held, &mut server, goal, 0), None);
            assert_eq!(server.there.map(|(_, content)| content), goal);
        }
        server.there = None;
        let mut gone = held.clone();
        assert_eq!(
            run(&mut gone, &mut server, None, 0),
            None,
            "gone as it should be"
        );
        assert_eq!(
            run(&mut held, &mut server, Some(digest(2)), 0),
            Some(Theirs::Removed)
        );
        server.touched = false;
        assert_eq!(run(&mut held, &mut server, Some(digest(2)), 0), None);
        assert_eq!(server.there.map(|(_, content)| content), Some(digest(2)));
    }

    proptest! {
        /// Any goals, any crashes, any edits: nothing of its owner's is overwritten unasked, and without
        /// edits the calendar ends as it should.
        #[test]
        fn it_ends_as_it_should(
            runs in prop::collection::vec((prop::option::of(0_u8..3), 0_usize..9, prop::option::weighted(0.2, prop::option::of(7_u8..9))), 1..12),
            tells_versions: bool,
        ) {
            let mut held = Held::default();
            let mut server = Server { tells_versions, ..Server::default() };
            let mut goal = None;
            for (wanted, crash, edit) in runs {
                goal = wanted.map(digest);
                if run(&mut held, &mut server, goal, crash).is_some() {
                    // They take ours.
                    server.touched = false;
                    prop_assert_eq!(&server.there.map(|(_, content)| content), &held.digest);
                }
                if let (Some(edit), Some(_)) = (edit, server.there) {
                    match edit {
                        Some(n) => server.write(digest(n)),
                        None => server.there = None,
                    }
                    // The very version that they have decided on is none of their own any more.
                    let shown = server.there.map(|(_, content)| content);
                    server.touched = shown.is_some() && shown != held.digest;
                    server.removed = server.there.is_none();
                }
            }
            while run(&mut held, &mut server, goal, 0).is_some() {
                server.touched = false;
            }
            if server.touched || server.removed {
                // There was no news of it since, so nobody looked.
                return Ok(());
            }
            prop_assert_eq!(server.there.map(|(_, content)| content), held.digest);
            prop_assert_eq!(held.digest, goal);
        }
    }
}
