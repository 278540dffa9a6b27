//! Who is signed in, and for how long.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The sessions of the service.
pub(crate) struct Sessions {
    /// How many album pages a session is good for.
    good_for: Option<usize>,
    /// Makes tokens that no other start of the service accepts.
    secret: RandomState,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    opened: u64,
    /// Album pages left, by token.
    left: HashMap<String, Option<usize>>,
}

impl Sessions {
    pub(crate) fn new(good_for: Option<usize>) -> Self {
        Self { good_for, secret: RandomState::new(), state: Mutex::default() }
    }

    /// Opens a session and gives its token.
    pub(crate) fn open(&self) -> String {
        let mut state = self.state();
        state.opened += 1;
        let halves = [state.opened, !state.opened].map(|number| self.secret.hash_one(number));
        let token = format!("{:016x}{:016x}", halves[0], halves[1]);
        state.left.insert(token.clone(), self.good_for);
        token
    }

    /// Whether the token is that of a session.
    pub(crate) fn is_open(&self, token: &str) -> bool {
        self.state().left.contains_key(token)
    }

    /// Whether the session may see one more album page. If not, this was its end.
    pub(crate) fn turn_page(&self, token: &str) -> bool {
        let mut state = self.state();
        match state.left.get_mut(token) {
            None => false,
            Some(None) => true,
            Some(Some(0)) => {
                state.left.remove(token);
                false
            }
            Some(Some(left)) => {
                *left -= 1;
                true
            }
        }
    }

    /// Ends the session, if it is one.
    pub(crate) fn close(&self, token: &str) {
        self.state().left.remove(token);
    }

    /// A poisoned lock is harmless: each change is a single one.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_after_its_pages_and_the_next_is_good_for_as_many() {
        let sessions = Sessions::new(Some(2));
        for _ in 0..2 {
            let token = sessions.open();
            assert_eq!([(); 4].map(|()| sessions.turn_page(&token)), [true, true, false, false]);
            assert!(!sessions.is_open(&token));
        }
    }

    #[test]
    fn a_made_up_token_is_no_session() {
        assert!(!Sessions::new(None).turn_page("deadbeef"));
    }
}
