//! The C of the guide as programs that check themselves: `.ci/guide` compiles and runs them.

use std::fmt::Write as _;

use crate::error::Error;
use crate::examples::{LOGITS, MASK, blocks, expressions};

/// A program, and what it has to print; nothing if it checks itself.
pub struct Program {
    /// The file's name, without its ending.
    pub name: String,
    /// The program.
    pub code: String,
    /// What it has to print.
    pub printed: Option<String>,
}

const HEAD: &str = "#include <math.h>\n#include <stdio.h>\n#include <string.h>\n\n#include \"loss.h\"\n";

/// The programs of these pages (name and text). A block with a `main` is a program of its own, and the block `text output` behind it is what it
/// prints. Other blocks make a `term` and a `status`; their values on the pixels of the examples have to be those of the page's first expression, to the bit.
///
/// # Errors
/// [`Error`] if a page with such a block has no expression.
pub fn programs(pages: &[(String, String)]) -> Result<Vec<Program>, Error> {
    let (mut programs, mut functions, mut calls, mut count) = (Vec::new(), String::new(), String::new(), 0);
    for (page, text) in pages {
        let blocks = blocks(text);
        for (place, block) in blocks.iter().enumerate().filter(|(_, block)| block.language == "c") {
            count += 1;
            if block.code.contains("int main(") {
                let output = blocks.get(place + 1).filter(|next| next.language == "text output");
                let printed = output.map(|output| output.code.clone());
                programs.push(Program { name: format!("program_{count}"), code: block.code.clone(), printed });
                continue;
            }
            let expressions = expressions(text)?;
            let (expression, value) = expressions.first().ok_or_else(|| Error::Directive {
                page: page.clone(),
                line: block.code.clone(),
                cause: "a page with C has an expression of the same loss".to_owned(),
            })?;
            let _ = writeln!(
                functions,
                "\nstatic int guide_{count}(void) {{ // {page}\n{}    return differs(\"{page}\", status, &term, {}u); // {expression}\n}}",
                indented(&block.code),
                format_args!("0x{:016x}", value.to_bits())
            );
            let _ = writeln!(calls, "    failures += guide_{count}();");
        }
    }
    let code = format!(
        "{HEAD}\nstatic const float logits[{n}] = {{{}}};\nstatic const uint8_t mask[{n}] = {{{}}};\n{DIFFERS}{functions}\nint main(void) {{\n    int failures = 0;\n{calls}    return failures != 0;\n}}\n",
        LOGITS.map(|logit| format!("{logit:?}f")).join(", "),
        MASK.map(|target| target.to_string()).join(", "),
        n = LOGITS.len(),
    );
    programs.push(Program { name: "terms".to_owned(), code, printed: Some(String::new()) });
    Ok(programs)
}

const DIFFERS: &str = r#"
static int differs(const char *page, loss_status status, const loss_term *term, uint64_t expected) {
    static loss_any sums;
    loss_result result;
    uint64_t bits = 0;
    if (status == LOSS_STATUS_OK) status = loss_any_init(&sums, term, 1, 0.5);
    if (status == LOSS_STATUS_OK) status = loss_any_push_hard_row(&sums, logits, mask, NULL, sizeof logits / sizeof *logits);
    if (status == LOSS_STATUS_OK) status = loss_any_finish(&sums, &result);
    if (status == LOSS_STATUS_OK) memcpy(&bits, &result.value, sizeof bits);
    if (status == LOSS_STATUS_OK && bits == expected) return 0;
    printf("%s: %s, %.9g\n", page, loss_status_message(status), status == LOSS_STATUS_OK ? result.value : 0.0);
    return 1;
}
"#;

fn indented(code: &str) -> String {
    code.lines().map(|line| format!("    {line}\n")).collect()
}
