use std::path::Path;

/// A path as text.
///
/// Where it is not UTF-8, each byte that does not fit is written `\xff`, and a backslash is doubled. So two paths that
/// are not UTF-8 never look the same.
pub fn shown(path: &Path) -> String {
    if let Some(text) = path.to_str() {
        return text.to_owned();
    }
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', r"\\"));
        text.extend(chunk.invalid().iter().map(|byte| format!(r"\x{byte:02x}")));
    }
    text
}
