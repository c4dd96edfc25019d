//! Counts over what libtest prints with `--show-output`, over what forge prints, and over TAP.

/// What the lines of all test programs add up to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that ran to their end and found nothing wrong.
    pub passed: usize,
    /// Tests that found something wrong.
    pub failed: usize,
    /// Their names.
    pub failed_names: Vec<String>,
    /// Tests that said that they could not run, and ignored ones.
    pub skipped: usize,
    /// What those said, with the test's name.
    pub skipped_lines: Vec<String>,
    /// The test whose output follows, and whether it has already said that it was skipped.
    current: Option<(String, bool)>,
    /// Tests of the program now read that were skipped; libtest will count them as passed.
    skipped_here: usize,
    /// Between `successes:` and the next list.
    in_successes: bool,
}

impl Tally {
    /// One line of stdout.
    pub fn read(&mut self, line: &str) {
        let section = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----"));
        if let Some(name) = section {
            self.current = Some((name.to_owned(), false));
        } else if line == "successes:" || line == "failures:" {
            self.in_successes = line == "successes:";
            self.current = None;
        } else if let Some(name) = line.strip_suffix(" ... FAILED") {
            self.failed_names.push(name.strip_prefix("test ").unwrap_or(name).to_owned());
        } else if let Some(failed) = line.strip_prefix("[FAIL") {
            self.failed_names.push(failed.split_once("] ").map_or(failed, |(_, name)| name).to_owned());
        } else if let Some(failed) = line.trim_start().strip_prefix("not ok ") {
            self.failed_names.push(failed.split_once(" - ").map_or(failed, |(_, name)| name).to_owned());
        } else if let Some(count) = line.strip_prefix("# pass ") {
            self.passed += number(count);
        } else if let Some(count) = line.strip_prefix("# fail ") {
            self.failed += number(count);
        } else if let Some(count) = line.strip_prefix("# skipped ") {
            self.skipped += number(count);
        } else if let Some(counts) = line.strip_prefix("Suite result: ") {
            self.add(counts);
        } else if let Some(counts) = line.strip_prefix("test result: ") {
            self.add(counts);
            self.in_successes = false;
            self.current = None;
        } else if let Some(reason) = line.trim_start().strip_prefix("skipped: ") {
            self.skip(reason);
        }
    }

    /// `ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s`; forge says
    /// `skipped` where libtest says `ignored`.
    fn add(&mut self, counts: &str) {
        let count = |word: &str| {
            let mut parts = counts.split([';', '.']).map(str::trim);
            let part = parts.find_map(|part| part.strip_suffix(word));
            part.map_or(0, number)
        };
        self.passed += count(" passed").saturating_sub(self.skipped_here);
        self.failed += count(" failed");
        self.skipped += count(" ignored") + count(" skipped") + self.skipped_here;
        self.skipped_here = 0;
    }

    /// A test says so in its own output, which libtest prints before it counts.
    fn skip(&mut self, reason: &str) {
        let Some((name, said)) = self.current.as_mut().filter(|_| self.in_successes) else {
            return;
        };
        self.skipped_lines.push(format!("{name}: {reason}"));
        if !*said {
            *said = true;
            self.skipped_here += 1;
        }
    }
}

fn number(text: &str) -> usize {
    text.trim().parse().unwrap_or(0)
}
