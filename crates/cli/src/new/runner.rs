//! The lines by which a runner knows a spider.

use super::names::Names;

/// The line that declares the spider's module.
pub(super) fn module(names: &Names) -> String {
    format!("mod {};", names.module)
}

/// The line that registers the spider.
pub(super) fn registration(names: &Names) -> String {
    format!(".spider::<{}::{}>()", names.module, names.type_name)
}

/// The runner with both lines in it; none if it is not written as `dragline new project` writes it.
pub(super) fn with_spider(runner: &str, names: &Names) -> Option<String> {
    let mut lines: Vec<String> = runner.lines().map(str::to_owned).collect();
    let registered = lines.iter().rposition(|line| line.trim_start().starts_with(".spider::<"))?;
    let last = &lines[registered];
    let line = format!("{}{}", &last[..last.len() - last.trim_start().len()], registration(names));
    // what ends the list stays its end
    let at = if last.trim_end().ends_with("()") { registered + 1 } else { registered };
    lines.insert(at, line);
    let is_module = |line: &String| line.starts_with("mod ") && line.ends_with(';');
    let first = lines.iter().position(is_module)?;
    // modules stand in the order of the alphabet, as rustfmt has them
    let module = module(names);
    let after = lines[first..].iter().take_while(|line| is_module(line) && **line < module).count();
    lines.insert(first + after, module);
    Some(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runner_gets_two_lines() {
        let names = Names::of("my-shop").expect("a name");
        let runner = "//! Doc.\n\nmod a;\n\nuse dragline::Registry;\n\nfn main() {\n    let registry = Registry::new()\n        \
                      .spider::<a::A>();\n    dragline_cli::main(registry)\n}\n";
        let with = with_spider(runner, &names).expect("a runner");
        assert!(with.contains("mod a;\nmod my_shop;\n"), "{with}");
        assert!(with.contains("new()\n        .spider::<my_shop::MyShop>()\n        .spider::<a::A>();\n"), "{with}");
        let more = runner.replace(">();", ">()\n        .pipeline::<X>();");
        let with = with_spider(&more, &names).expect("a runner");
        assert!(with.contains(".spider::<a::A>()\n        .spider::<my_shop::MyShop>()\n        .pipeline"), "{with}");
        assert_eq!(with_spider("fn main() {}", &names), None);
    }
}
