//! What the boards counted.

use std::error::Error;

use indexmap::IndexMap;

/// The counts of a board, by path: `loss, kind`, in the order in which they were printed.
#[derive(Debug, Default)]
pub struct Cost {
    /// Instructions a pixel.
    pub instructions: IndexMap<String, f64>,
    /// Bytes of stack below the caller.
    pub stack: IndexMap<String, u64>,
    /// Bytes that are kept between pixels.
    pub state: IndexMap<String, u64>,
    /// Instructions a tick of the board's clock.
    pub instructions_a_tick: f64,
}

impl Cost {
    /// Reads what the program `cost` prints.
    pub fn read(lines: &[String]) -> Result<Self, Box<dyn Error>> {
        let mut cost = Self::default();
        for line in lines {
            let unknown = || format!("the program cost printed a line that means nothing: {line}");
            let (kind, rest) = line.split_once(' ').ok_or_else(unknown)?;
            if kind == "calibration" {
                let (ticks, instructions) = rest.split_once(' ').ok_or_else(unknown)?;
                cost.instructions_a_tick = instructions.parse::<f64>()? / ticks.parse::<f64>()?;
                continue;
            }
            let (path, rest) = rest.split_once(": ").ok_or_else(unknown)?;
            match (kind, rest.split_once(' ')) {
                ("cost", Some((ticks, pixels))) => {
                    let instructions = ticks.parse::<f64>()? * cost.instructions_a_tick / pixels.parse::<f64>()?;
                    cost.instructions.insert(path.to_owned(), instructions);
                }
                ("stack", None) => _ = cost.stack.insert(path.to_owned(), rest.parse()?),
                ("state", None) => _ = cost.state.insert(path.to_owned(), rest.parse()?),
                _ => return Err(unknown().into()),
            }
        }
        Ok(cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_become_instructions() {
        let lines =
            ["calibration 500 20000", "cost Dice, stream: 30 8", "stack Dice, stream: 96", "state Dice, stream: 40"];
        let cost = Cost::read(&lines.map(String::from)).expect("counts");
        assert_eq!(cost.instructions["Dice, stream"], 150.0);
        assert_eq!((cost.stack["Dice, stream"], cost.state["Dice, stream"]), (96, 40));
        assert!(Cost::read(&["cost Dice: many".to_owned()]).is_err());
    }
}
