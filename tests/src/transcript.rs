//! Transcripts: requests with the answers that they must get, in the form of `.http` files.
//!
//! A step begins with `###` and its title; a request follows, then `<- ` with the status, headers and body expected.
//! `{{name}}` stands for a value that is known, and in an expected body for one to learn: see `pattern`.

/// One request and what must come of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    pub line: usize,
    pub title: String,
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub status: u16,
    pub expected_headers: Vec<(String, String)>,
    pub expected_body: String,
}

/// Reads a transcript; what stands before the first step is its description.
///
/// # Errors
/// Says in which line it is not one.
pub fn parse(text: &str) -> Result<Vec<Step>, String> {
    let numbered: Vec<(usize, &str)> = (1..).zip(text.lines()).collect();
    let starts = numbered
        .iter()
        .enumerate()
        .filter(|(_, (_, line))| line.starts_with("###"));
    let starts: Vec<usize> = starts.map(|(index, _)| index).collect();
    let ends = starts.iter().skip(1).copied().chain([numbered.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| step(&numbered[*start..end]))
        .collect()
}

fn step(lines: &[(usize, &str)]) -> Result<Step, String> {
    let (line, title) = lines[0];
    let wrong = |what: &str| format!("line {line}: {what}");
    let answer = lines
        .iter()
        .position(|(_, line)| line.starts_with("<- "))
        .ok_or_else(|| wrong("no `<- status`"))?;
    let (request_line, headers, body) = block(&lines[1..answer]);
    let (status_line, expected_headers, expected_body) = block(&lines[answer..]);
    let (method, target) = request_line
        .split_once(' ')
        .ok_or_else(|| wrong("no `METHOD /path`"))?;
    let status = status_line
        .trim_start_matches("<- ")
        .trim()
        .parse()
        .map_err(|_| wrong("no status"))?;
    Ok(Step {
        line,
        title: title.trim_start_matches('#').trim().to_owned(),
        method: method.to_owned(),
        target: target.trim().to_owned(),
        headers,
        body,
        status,
        expected_headers,
        expected_body,
    })
}

/// Splits a block into its first line, its headers, and the body after a blank line.
fn block(lines: &[(usize, &str)]) -> (String, Vec<(String, String)>, String) {
    let mut lines = lines
        .iter()
        .map(|(_, line)| *line)
        .skip_while(|line| line.trim().is_empty() || line.starts_with("# "));
    let first = lines.next().unwrap_or_default().to_owned();
    let headers = lines
        .by_ref()
        .map_while(|line| line.split_once(": ").filter(|_| !line.trim().is_empty()));
    let headers = headers
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    (
        first,
        headers,
        lines.collect::<Vec<_>>().join("\n").trim().to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_has_a_request_and_an_answer() {
        let text = "Words.\n\n### One\nPOST /v3/x\nA: b\n\n{\"c\": 1}\n\n<- 201\nETag: *\n\n{}\n### Two\nGET /y\n\n<- 404\n";
        let steps = parse(text).unwrap();
        assert_eq!(steps.len(), 2);
        assert_eq!(
            (steps[0].method.as_str(), steps[0].target.as_str()),
            ("POST", "/v3/x")
        );
        assert_eq!(steps[0].headers, [("A".to_owned(), "b".to_owned())]);
        assert_eq!(
            (steps[0].body.as_str(), steps[0].status),
            ("{\"c\": 1}", 201)
        );
        assert_eq!(
            (
                steps[0].expected_headers.len(),
                steps[0].expected_body.as_str()
            ),
            (1, "{}")
        );
        assert_eq!(
            (steps[1].status, steps[1].expected_body.as_str()),
            (404, "")
        );
    }
}
