//! `dragline shell`: a page is loaded, and queries are tried on it. On a terminal with history and completion; commands
//! that come through a pipe are run one after the other, and their results are all that is printed.

mod history;
mod line;
mod session;
mod view;
mod words;

use std::io::{BufRead as _, IsTerminal as _};
use std::sync::{Arc, Mutex};

use dragline::Registry;
use reedline::{
    ColumnarMenu, DefaultPrompt, DefaultPromptSegment, Emacs, KeyCode, KeyModifiers, MenuBuilder as _, Reedline,
    ReedlineEvent, ReedlineMenu, Signal, default_emacs_keybindings,
};

use self::history::Past;
use self::session::{Session, Then};
use self::words::{Completion, Words};
use crate::exit::Exit;
use crate::options::reading::Shell;
use crate::source::{Place, Reader};
use crate::terminal;

/// The longest line of a pipe: one that is longer is no command.
const LINE: usize = 64 * 1024;

/// Runs the shell to its end.
pub(crate) fn run(registry: &Registry, command: &Shell) -> anyhow::Result<Exit> {
    let place = command.source.as_deref().map(Place::read).transpose()?;
    if place == Some(Place::Input) && !std::io::stdin().is_terminal() {
        return Err(crate::source::usage(
            "the shell reads its commands from the standard input: give the page as a file".to_owned(),
        ));
    }
    let reader = Reader::build(registry, &command.reading)?;
    let words = Arc::new(Mutex::new(Words::default()));
    let mut session = Session::new(reader, words.clone(), command.open);
    if let Some(place) = &place {
        session.load(place)?;
    }
    let exit = if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        by_hand(&mut session, words)?
    } else {
        by_pipe(&mut session)?
    };
    session.close();
    Ok(exit)
}

/// Commands of a pipe. The first that fails does not end it: the exit code tells.
fn by_pipe(session: &mut Session) -> anyhow::Result<Exit> {
    let mut exit = Exit::Finished;
    let mut input = std::io::stdin().lock();
    loop {
        let mut line = Vec::new();
        std::io::Read::take(&mut input, LINE as u64).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(exit);
        }
        match session.run(&String::from_utf8_lossy(&line)) {
            Ok(Then::Quit) => return Ok(exit),
            Ok(Then::More) => {}
            Err(error) => {
                terminal::error(error.as_ref());
                exit = Exit::Failed;
            }
        }
    }
}

fn by_hand(session: &mut Session, words: Arc<Mutex<Words>>) -> anyhow::Result<Exit> {
    let mut past = Past::open();
    let mut keys = default_emacs_keybindings();
    let next = ReedlineEvent::UntilFound(vec![ReedlineEvent::Menu("words".to_owned()), ReedlineEvent::MenuNext]);
    keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, next);
    let menu = Box::new(ColumnarMenu::default().with_name("words"));
    let mut editor = Reedline::create()
        .with_completer(Box::new(Completion(words)))
        .with_menu(ReedlineMenu::EngineCompleter(menu))
        .with_edit_mode(Box::new(Emacs::new(keys)));
    if let Some(history) = past.lines() {
        editor = editor.with_history(Box::new(history));
    }
    let prompt = DefaultPrompt::new(DefaultPromptSegment::Basic("dragline".to_owned()), DefaultPromptSegment::Empty);
    terminal::say("`help` names the commands; a selector alone is tried at once");
    loop {
        let line = match editor.read_line(&prompt)? {
            Signal::Success(line) => line,
            Signal::CtrlC => continue,
            _ => return Ok(Exit::Finished),
        };
        past.keep(&line);
        match session.run(&line) {
            Ok(Then::Quit) => return Ok(Exit::Finished),
            Ok(Then::More) => {}
            Err(error) => terminal::error(error.as_ref()),
        }
    }
}
