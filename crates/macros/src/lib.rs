//! Derives for Dragline: items and what they are made of, with queries checked when a spider is compiled.
