//! `reanchor diagnose`: the classifier at the command line, for one text or for a stream of JSON lines.
//!
//! Never opens the network or the store, never changes anything. Reads a stream with constant memory: one line at a time.
//!
//! Begin with [`run`].

use crate::app::diagnose::Diagnoser;
use crate::card::answer;
use crate::cli::diagnose_text;
use crate::config;
use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::Value;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// Longest single text that is read into memory, in bytes; the classifier reads head and tail of it.
const LONGEST: u64 = 64 * 1024 * 1024;
/// Longest line of a stream, in bytes; a longer one is answered with an error and skipped.
const LONGEST_LINE: usize = 16 * 1024 * 1024;
/// A progress line is written after this many messages.
const PROGRESS: usize = 10_000;

/// How an answer is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Arguments of `reanchor diagnose`.
#[derive(Clone, Debug, Args)]
pub struct DiagnoseArgs {
    /// File with the text; `-` or nothing reads standard input.
    pub file: Option<PathBuf>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Read one {"id", "text"} a line and write one answer a line, in the same order.
    #[arg(long)]
    pub jsonl: bool,
    /// Say which rule found what, what was ruled out, and why the runner-up lost.
    #[arg(long)]
    pub explain: bool,
    /// Folder with rule files of one's own; they replace embedded ones of the same name.
    #[arg(long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
}

/// Where the answers go, and how.
pub struct Output<'a> {
    /// Answers.
    pub out: &'a mut dyn Write,
    /// Progress and complaints.
    pub err: &'a mut dyn Write,
    /// Whether colours may be used in `out`.
    pub colour: bool,
    /// Width of `out` in columns.
    pub width: usize,
}

/// Diagnoses what `input` holds. Returns the exit code: 0, or 1 when a line of a stream could not be read.
pub fn run(
    args: &DiagnoseArgs,
    diagnoser: &Diagnoser,
    input: &mut dyn BufRead,
    output: &mut Output<'_>,
) -> io::Result<u8> {
    if args.jsonl {
        return stream(diagnoser, input, output);
    }
    let mut bytes = Vec::new();
    input.take(LONGEST).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let (found, explained) = diagnoser.explain(&text);
    match args.format {
        Format::Json => {
            let mut value = answer::answer(None, &found);
            if args.explain
                && let Some(map) = value.as_object_mut()
            {
                map.insert("explained".to_owned(), diagnose_text::explained_json(&explained));
            }
            writeln!(output.out, "{value}")?;
        }
        Format::Text => {
            let page = diagnose_text::Page { colour: output.colour, width: output.width };
            write!(output.out, "{}", page.answer(&text, &found))?;
            if args.explain {
                write!(output.out, "{}", page.explained(&explained))?;
            }
        }
    }
    output.out.flush()?;
    Ok(0)
}

/// The sub-command on the process's own input and output.
pub fn main(args: &DiagnoseArgs) -> anyhow::Result<u8> {
    let own = args.rules.as_deref().map(config::rules::folder).transpose()?.unwrap_or_default();
    let diagnoser = Diagnoser::new(&config::rules::over_embedded(&own))?;
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    let width = terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0));
    let mut output = Output { out: &mut out, err: &mut err, colour: crate::cli::colour(), width };
    let code = match args.file.as_deref().filter(|path| *path != Path::new("-")) {
        None => run(args, &diagnoser, &mut io::stdin().lock(), &mut output)?,
        Some(path) => {
            let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
            run(args, &diagnoser, &mut BufReader::new(file), &mut output)?
        }
    };
    Ok(code)
}

fn stream(diagnoser: &Diagnoser, input: &mut dyn BufRead, output: &mut Output<'_>) -> io::Result<u8> {
    let mut line = Vec::new();
    let (mut number, mut bad) = (0_usize, 0_usize);
    loop {
        line.clear();
        let Some(whole) = read_line(input, &mut line)? else { break };
        number += 1;
        if whole && line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let value = if whole {
            answer_line(diagnoser, &line, number)
        } else {
            Err(answer::error(None, number, &format!("the line is longer than {LONGEST_LINE} bytes and was skipped")))
        };
        bad += usize::from(value.is_err());
        let value = value.unwrap_or_else(|e| e);
        writeln!(output.out, "{value}")?;
        if number % PROGRESS == 0 {
            writeln!(output.err, "{number} messages, {bad} not readable")?;
        }
    }
    output.out.flush()?;
    if number >= PROGRESS || bad > 0 {
        writeln!(output.err, "{number} messages, {bad} not readable")?;
    }
    Ok(u8::from(bad > 0))
}

/// Reads one line without its end. `Some(false)`: it was longer than the limit and was skipped. `None`: no more input.
fn read_line(input: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    let mut whole = true;
    let mut any = false;
    loop {
        let chunk = input.fill_buf()?;
        if chunk.is_empty() {
            return Ok(any.then_some(whole));
        }
        any = true;
        let (used, end) = match chunk.iter().position(|b| *b == b'\n') {
            Some(i) => (i, true),
            None => (chunk.len(), false),
        };
        if whole && line.len() + used <= LONGEST_LINE {
            line.extend_from_slice(chunk.get(..used).unwrap_or_default());
        } else {
            whole = false;
            line.clear();
        }
        input.consume(used + usize::from(end));
        if end {
            return Ok(Some(whole));
        }
    }
}

fn answer_line(diagnoser: &Diagnoser, line: &[u8], number: usize) -> Result<Value, Value> {
    let value: Value =
        serde_json::from_slice(line).map_err(|e| answer::error(None, number, &format!("not a JSON object: {e}")))?;
    let id = value.get("id");
    match value.get("text") {
        Some(Value::String(text)) => Ok(answer::answer(Some(id.unwrap_or(&Value::Null)), &diagnoser.diagnose(text))),
        Some(_) => Err(answer::error(id, number, "`text` must be a string")),
        None => Err(answer::error(id, number, "`text` is missing; a line is {\"id\": …, \"text\": \"…\"}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnose(args: &DiagnoseArgs, input: &[u8]) -> (u8, String, String) {
        let diagnoser = Diagnoser::new(config::embedded::RULES).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut output = Output { out: &mut out, err: &mut err, colour: false, width: 80 };
        let code = run(args, &diagnoser, &mut &input[..], &mut output).unwrap();
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    fn args(format: Format, jsonl: bool) -> DiagnoseArgs {
        DiagnoseArgs { file: None, format, jsonl, explain: false, rules: None }
    }

    #[test]
    fn a_stream_is_answered_line_by_line_in_order() {
        let input = concat!(
            "{\"id\":\"a\",\"text\":\"hello\"}\n",
            "nonsense\n",
            "{\"id\":7,\"text\":\"Automatic provisioning of user Ida Holm to app Box failed: Matching user not found.\"}\n",
            "{\"id\":\"d\"}\n",
            "\n",
            "{\"text\":\"\\ud800\"}"
        );
        let (code, out, err) = diagnose(&args(Format::Text, true), input.as_bytes());
        assert_eq!(code, 1);
        let lines: Vec<Value> = out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(lines.len(), 5);
        assert_eq!(lines[0]["class"], "none");
        assert_eq!((&lines[1]["id"], &lines[1]["error"]["line"]), (&Value::Null, &Value::from(2)));
        assert_eq!(
            (&lines[2]["id"], &lines[2]["class"]),
            (&Value::from(7), &Value::from("okta-matching-user-not-found"))
        );
        assert_eq!(lines[2]["remedies"], serde_json::json!([]));
        assert_eq!(lines[3]["id"], "d");
        assert!(lines[4]["error"]["message"].as_str().unwrap().contains("JSON"));
        assert!(err.contains("3 not readable"), "{err}");
    }

    #[test]
    fn a_payload_is_checked_in_text_and_in_json() {
        let text = b"Content-Type: application/json\n\n{\"schemas\": [], \"Operations\": [{\"method\": \"POST\"}]}";
        let (code, out, _) = diagnose(&args(Format::Json, false), text);
        let answer = serde_json::from_str::<Value>(&out).unwrap();
        assert_eq!((code, &answer["class"]), (0, &Value::from("none")));
        let pointers: Vec<&str> =
            answer["bulk"]["mistakes"].as_array().unwrap().iter().map(|m| m["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["Content-Type", "/schemas", "/Operations/0", "/Operations/0", "/Operations/0"]);
        let (_, out, _) = diagnose(&args(Format::Text, false), text);
        assert!(out.contains("line 1, column 15, Content-Type") && !out.contains("Nothing to say"), "{out}");
        let (_, out, _) = diagnose(&args(Format::Json, false), b"hello");
        assert!(serde_json::from_str::<Value>(&out).unwrap().get("bulk").is_none());
    }

    #[test]
    fn a_single_text_may_hold_any_bytes() {
        let (code, out, _) = diagnose(&args(Format::Json, false), b"\xff\xfe Matching \x00");
        assert_eq!(code, 0);
        assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["class"], "none");
    }
}
