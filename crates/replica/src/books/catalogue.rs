//! What the shop sells: books that are the same at every start.

use crate::random::{Sequence, draw};

const STREAM: u64 = 0x0042_6F6F_6B73;

const FIRST: [&str; 24] = [
    "The Silent",
    "A Brief History of",
    "Beyond the",
    "Café",
    "The Last",
    "Letters from the",
    "Über",
    "In Search of the",
    "The Art of",
    "Notes on the",
    "My Life with the",
    "El Niño and the",
    "The Secret",
    "One Hundred Years of",
    "L’Étranger &",
    "The Girl in the",
    "Return to the",
    "How to Read the",
    "Ghosts of the",
    "The Unbearable",
    "A Field Guide to the",
    "Under the",
    "Dreams of",
    "Smörgåsbord:",
];
const SECOND: [&str; 20] = [
    "Lighthouse",
    "Garden & Orchard",
    "Mountain",
    "Cartographer",
    "River",
    "Attic",
    "Clockmaker's Daughter",
    "Sea",
    "Winter \"Palace\"",
    "Machine",
    "Forest",
    "Library",
    "Orchestra",
    "Desert",
    "Fjørd",
    "Railway",
    "Observatory",
    "Harbour",
    "Señorita",
    "Labyrinth",
];
const SUBTITLES: [&str; 8] =
    ["", "", "", ": A Novel", " (Volume 2)", ": Essays & Stories", ", or the Modern Wanderer", " #3"];
const SENTENCES: [&str; 12] = [
    "It begins with a letter that nobody remembers having written.",
    "Three generations meet in a house that is about to be sold.",
    "Critics & readers alike have called it “a small miracle”.",
    "What follows is a journey through a country that exists on no map.",
    "She has until morning to decide.",
    "With wit, patience and an eye for detail, the author shows how we came to be here.",
    "The price of silence is < the price of truth, or so the captain says.",
    "Nothing in the village is as it was before the naïve stranger came.",
    "A book for anyone who has ever lost a key, a friend or a year.",
    "Richly illustrated, with 48 plates & a fold-out chart.",
    "Translated into thirty languages, it is at last available again.",
    "The ending is not to be missed.",
];
const CATEGORIES: [&str; 10] = [
    "Travel",
    "Mystery",
    "Historical Fiction",
    "Science Fiction",
    "Poetry",
    "Philosophy",
    "Music",
    "Food & Drink",
    "Art",
    "Business",
];

/// A book in the shop.
pub(crate) struct Book {
    /// From 1, as in its address.
    pub(crate) number: usize,
    pub(crate) title: String,
    pub(crate) category: &'static str,
    pub(crate) upc: String,
    /// Before tax, in pence; there is no tax on books.
    pub(crate) pence: u64,
    pub(crate) stock: u64,
    /// From 1 to 5.
    pub(crate) stars: usize,
    pub(crate) reviews: u64,
    pub(crate) description: String,
}

impl Book {
    /// The book at `index`, counted from 0.
    pub(crate) fn new(index: usize) -> Self {
        let mut dice = Sequence::new(draw(STREAM, index));
        let title = format!("{} {}{}", dice.pick(&FIRST), dice.pick(&SECOND), dice.pick(&SUBTITLES));
        let sentences: Vec<&str> = (0..4 + dice.below(6)).map(|_| dice.pick(&SENTENCES)).collect();
        Self {
            number: index + 1,
            title,
            category: dice.pick(&CATEGORIES),
            upc: format!("{:016x}", dice.next()),
            pence: 1_000 + dice.next() % 5_000,
            stock: 1 + dice.next() % 22,
            stars: 1 + dice.below(5),
            reviews: dice.next() % 4,
            description: sentences.join(" "),
        }
    }

    /// The folder of the book's page: the title in lower case, hyphens for what is not a letter or digit, its number.
    pub(crate) fn folder(&self) -> String {
        let mut folder = String::with_capacity(self.title.len() + 6);
        for character in self.title.chars() {
            if character.is_ascii_alphanumeric() {
                folder.push(character.to_ascii_lowercase());
            } else if character == ' ' && !folder.ends_with('-') {
                folder.push('-');
            }
        }
        format!("{folder}_{}", self.number)
    }

    pub(crate) fn price(&self) -> String {
        format!("£{}.{:02}", self.pence / 100, self.pence % 100)
    }

    /// The rating as the shop writes it: a word.
    pub(crate) fn rating(&self) -> &'static str {
        ["One", "Two", "Three", "Four", "Five"][self.stars - 1]
    }
}
