//! Which answer counts when several endpoints were asked: rules without I/O.

use crate::domain::DomainError;

/// What one endpoint said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard<T> {
    /// Its place among the endpoints.
    pub place: usize,
    /// Its name.
    pub name: String,
    /// Its answer, or why it has none that counts.
    pub answer: Result<T, String>,
}

impl<T> Heard<T> {
    /// What of an answer is meant; one without it says nothing.
    pub fn with<U>(&self, part: impl Fn(&T) -> Option<U>) -> Heard<U> {
        let answer = self.answer.as_ref().map_err(Clone::clone);
        let answer = answer.and_then(|answer| part(answer).ok_or_else(|| "says something else".to_owned()));
        Heard { place: self.place, name: self.name.clone(), answer }
    }
}

/// What was asked, and how many must say the same.
#[derive(Debug, Clone)]
pub struct Question {
    /// In words, after "contradict each other about".
    pub what: String,
    /// How many.
    pub quorum: usize,
}

/// An answer, and the endpoints that gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed<T> {
    /// The answer.
    pub answer: T,
    /// Places of those who gave it.
    pub by: Vec<usize>,
}

/// The one answer that a quorum gives. Two answers with a quorum each are a contradiction, not a choice.
///
/// # Errors
/// [`DomainError::Disagreement`] when answers differ and not exactly one has a quorum;
/// [`DomainError::NoQuorum`] when too few answered.
pub fn agree<T: Eq + Clone>(
    question: &Question,
    heard: &[Heard<T>],
    show: impl Fn(&T) -> String,
) -> Result<Agreed<T>, DomainError> {
    let mut groups: Vec<Agreed<T>> = Vec::new();
    for Heard { place, answer, .. } in heard {
        let Ok(answer) = answer else { continue };
        match groups.iter_mut().find(|group| group.answer == *answer) {
            Some(group) => group.by.push(*place),
            None => groups.push(Agreed { answer: answer.clone(), by: vec![*place] }),
        }
    }
    let (most, differ) = (groups.iter().map(|group| group.by.len()).max().unwrap_or(0), groups.len() > 1);
    groups.retain(|group| group.by.len() >= question.quorum);
    if let (Some(agreed), 0) = (groups.pop(), groups.len()) {
        return Ok(agreed);
    }
    let said = said(heard, show);
    let what = question.what.clone();
    match differ {
        true => Err(DomainError::Disagreement { what, said }),
        false => Err(DomainError::NoQuorum { what, expected: question.quorum, found: most, said }),
    }
}

/// Endpoint by endpoint, for a person.
fn said<T>(heard: &[Heard<T>], show: impl Fn(&T) -> String) -> String {
    let one = |heard: &Heard<T>| match &heard.answer {
        Ok(answer) => format!("`{}` says {}", heard.name, show(answer)),
        Err(why) => format!("`{}` {why}", heard.name),
    };
    heard.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Numbers of blocks that may be the newest one, best first: what a quorum has reached, then what more of
/// them have. A number that only a minority claims is none of them.
#[must_use]
pub fn candidates(numbers: &[u64], quorum: usize) -> Vec<u64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let mut candidates = sorted.split_off(quorum.saturating_sub(1).min(sorted.len()));
    candidates.dedup();
    candidates
}

/// The largest number that a quorum has reached.
#[must_use]
pub fn reached(numbers: &[u64], quorum: usize) -> Option<u64> {
    candidates(numbers, quorum).first().copied()
}

/// Which of these newest blocks are more than `behind_max` older than the middle one. The middle, and not the
/// highest: else one endpoint that claims a block of the far future would silence all others. Of two, the
/// higher is the middle: whether one is late or the other lies, the two are no quorum.
#[must_use]
pub fn late(numbers: &[u64], behind_max: u64) -> Vec<bool> {
    let middle = middle(numbers).unwrap_or(0);
    numbers.iter().map(|number| number.saturating_add(behind_max) < middle).collect()
}

/// The middle value, of an even number of them the higher of the two.
#[must_use]
pub fn middle<T: Ord + Copy>(values: &[T]) -> Option<T> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests;
