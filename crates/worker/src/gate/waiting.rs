//! Who waits at a gate with a request, who is on the way in, and what they are told: sockets apart.
//!
//! Of what license somebody is who is on the way in, the ledger has yet to say. So whatever is told meanwhile is kept for
//! all who were on the way by then, until the last of them is in, and no longer, however many come after them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use futures_channel::oneshot::{Canceled, Receiver, Sender, channel};

/// An activation has so many requests held, as it has so many sockets (`gate.js`). One more ends the first of them: of requests,
/// nobody tells a gate that they were given up.
const MOST_REQUESTS: usize = 8;

/// News of a license, as the ledger tells them and as applications get them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct News {
    pub(super) version: i64,
    pub(super) text: String,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    coming: RefCell<Coming>,
    /// Requests that are held, by license.
    held: RefCell<BTreeMap<String, Vec<Request>>>,
}

/// Those on the way in, by numbers that grow, and what was told before which number.
#[derive(Debug, Default)]
struct Coming {
    next: u64,
    numbers: BTreeSet<u64>,
    /// By license.
    news: BTreeMap<String, (u64, News)>,
    /// By activation.
    gone: BTreeMap<String, u64>,
}

/// A request that is held.
#[derive(Debug)]
struct Request {
    activation: String,
    /// Tells news, or nothing: then the activation is gone.
    teller: Sender<Option<News>>,
}

/// Somebody on the way in.
pub(super) struct OnTheWay<'a> {
    waiting: &'a Waiting,
    number: u64,
}

/// A request that is held until this is dropped.
pub(super) struct Held<'a> {
    waiting: &'a Waiting,
    license: String,
    told: Receiver<Option<News>>,
}

impl Waiting {
    /// Lets somebody in, who is on the way until what this returns is dropped.
    pub(super) fn come(&self) -> OnTheWay<'_> {
        let mut coming = self.coming.borrow_mut();
        let number = coming.next;
        coming.next = number.saturating_add(1);
        coming.numbers.insert(number);
        OnTheWay {
            waiting: self,
            number,
        }
    }

    /// Hands news on to the requests that wait for them. Returns whether anybody may want them.
    pub(super) fn tell(&self, license: &str, news: &News) -> bool {
        let held = self.held.borrow_mut().remove(license).unwrap_or_default();
        let is_heard = !held.is_empty();
        for request in held {
            // One that was given up meanwhile is not there to be told.
            let _gone = request.teller.send(Some(news.clone()));
        }
        self.coming.borrow_mut().hear(license, news) || is_heard
    }

    /// Ends the requests of an activation that is gone. Returns whether there may be any.
    pub(super) fn end(&self, activation: &str) -> bool {
        let mut is_heard = false;
        for requests in self.held.borrow_mut().values_mut() {
            for request in requests.extract_if(.., |request| request.activation == activation) {
                is_heard = true;
                let _gone = request.teller.send(None);
            }
        }
        self.coming.borrow_mut().lose(activation) || is_heard
    }

    /// Says whether an activation has gone while somebody was on the way in.
    pub(super) fn has_gone(&self, activation: &str) -> bool {
        self.coming.borrow().gone.contains_key(activation)
    }

    /// Returns the news of a license that were told while somebody was on the way in.
    pub(super) fn told_meanwhile(&self, license: &str) -> Option<News> {
        let coming = self.coming.borrow();
        coming.news.get(license).map(|(_, news)| news.clone())
    }

    /// Holds a request until there are news.
    pub(super) fn hold(&self, license: &str, activation: &str) -> Held<'_> {
        let mut held = self.held.borrow_mut();
        let requests = held.entry(license.to_owned()).or_default();
        let its = |request: &Request| request.activation == activation;
        if requests.iter().filter(|request| its(request)).count() >= MOST_REQUESTS
            && let Some(first) = requests.iter().position(its)
        {
            requests.remove(first);
        }
        let (teller, told) = channel();
        let activation = activation.to_owned();
        requests.push(Request { activation, teller });
        Held {
            waiting: self,
            license: license.to_owned(),
            told,
        }
    }
}

impl Coming {
    /// Keeps news for those on the way in, if there are any, which it returns.
    fn hear(&mut self, license: &str, news: &News) -> bool {
        if self.numbers.is_empty() {
            return false;
        }
        let told = (self.next, news.clone());
        self.news.insert(license.to_owned(), told);
        true
    }

    fn lose(&mut self, activation: &str) -> bool {
        if self.numbers.is_empty() {
            return false;
        }
        self.gone.insert(activation.to_owned(), self.next);
        true
    }

    /// Forgets one who is in by now, and what nobody is left for.
    fn forget(&mut self, number: u64) {
        self.numbers.remove(&number);
        let first = self.numbers.first().copied().unwrap_or(self.next);
        self.news.retain(|_, (before, _)| first < *before);
        self.gone.retain(|_, before| first < *before);
    }
}

impl Drop for OnTheWay<'_> {
    fn drop(&mut self) {
        self.waiting.coming.borrow_mut().forget(self.number);
    }
}

impl Held<'_> {
    /// Resolves to news, or to nothing if the activation is gone.
    pub(super) async fn told(&mut self) -> Result<Option<News>, Canceled> {
        (&mut self.told).await
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.told.close();
        let mut held = self.waiting.held.borrow_mut();
        if let Some(requests) = held.get_mut(&self.license) {
            requests.retain(|request| !request.teller.is_canceled());
            if requests.is_empty() {
                held.remove(&self.license);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(version: i64) -> News {
        let text = format!("news {version}");
        News { version, text }
    }

    #[test]
    fn what_is_told_while_somebody_is_on_the_way_is_kept_for_them() {
        let waiting = Waiting::default();
        assert!(!waiting.tell("license", &news(1)), "nobody is there");
        let on_the_way = waiting.come();
        assert_eq!(waiting.told_meanwhile("license"), None);
        assert!(waiting.tell("license", &news(2)) && waiting.end("activation"));
        assert_eq!(waiting.told_meanwhile("license"), Some(news(2)));
        assert!(waiting.has_gone("activation"));
        drop(on_the_way);
        assert_eq!(waiting.told_meanwhile("license"), None);
        assert!(!waiting.has_gone("activation"));
    }

    #[test]
    fn a_gate_where_somebody_always_comes_forgets_all_the_same() {
        let waiting = Waiting::default();
        let mut last = waiting.come();
        for version in 0..100 {
            waiting.tell(&format!("license {version}"), &news(version));
            waiting.end(&format!("activation {version}"));
            last = {
                let next = waiting.come();
                drop(last);
                next
            };
            let coming = waiting.coming.borrow();
            assert!(coming.news.is_empty() && coming.gone.is_empty());
        }
        drop(last);
    }

    #[test]
    fn a_request_that_is_given_up_leaves_nothing_behind() {
        let waiting = Waiting::default();
        let first = waiting.hold("license", "activation");
        drop(waiting.hold("license", "activation"));
        assert_eq!(waiting.held.borrow()["license"].len(), 1);
        drop(first);
        assert!(waiting.held.borrow().is_empty());
    }

    #[test]
    fn a_ninth_request_of_an_activation_ends_its_first_and_no_other() {
        let waiting = Waiting::default();
        let mut other = waiting.hold("license", "other");
        let mut held: Vec<_> = (0..9).map(|_| waiting.hold("license", "its")).collect();
        let ended = |held: &mut Held<'_>| held.told.try_recv().is_err();
        assert_eq!(
            held.iter_mut()
                .filter_map(|held| ended(held).then_some(()))
                .count(),
            1
        );
        assert!(ended(&mut held[0]) && !ended(&mut other));
    }
}
