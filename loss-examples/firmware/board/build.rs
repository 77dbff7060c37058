//! Tells the linker what memory a board has.

use std::env;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

/// Start and size of flash and RAM.
struct Memory {
    flash: (u32, u32),
    ram: (u32, u32),
}

const KIB: u32 = 1024;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    let target = env::var("TARGET")?;
    let memory = match target.as_str() {
        // mps2-an386 and mps2-an385, of whose megabytes we take what a microcontroller has.
        "thumbv7em-none-eabihf" | "thumbv7m-none-eabi" => {
            Memory { flash: (0, 1024 * KIB), ram: (0x2000_0000, 64 * KIB) }
        }
        // microbit
        "thumbv6m-none-eabi" => Memory { flash: (0, 256 * KIB), ram: (0x2000_0000, 16 * KIB) },
        // virt
        "riscv32imac-unknown-none-elf" => Memory { flash: (0x8000_0000, 512 * KIB), ram: (0x8008_0000, 64 * KIB) },
        // The host's programs do not link this package.
        _ => return Ok(()),
    };
    let mut script = format!(
        "MEMORY\n{{\n  FLASH : ORIGIN = {:#x}, LENGTH = {}\n  RAM : ORIGIN = {:#x}, LENGTH = {}\n}}\n",
        memory.flash.0, memory.flash.1, memory.ram.0, memory.ram.1
    );
    if target.starts_with("riscv") {
        for (region, place) in
            [("TEXT", "FLASH"), ("RODATA", "FLASH"), ("DATA", "RAM"), ("BSS", "RAM"), ("HEAP", "RAM"), ("STACK", "RAM")]
        {
            script += &format!("REGION_ALIAS(\"REGION_{region}\", {place});\n");
        }
    }
    let folder = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(folder.join("memory.x"), script)?;
    println!("cargo:rustc-link-search={}", folder.display());
    if target.starts_with("riscv") {
        println!("cargo:rustc-link-arg-bins=-Tmemory.x");
    }
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=--nmagic");
    println!("cargo:rustc-link-arg-bins=--gc-sections");
    Ok(())
}
