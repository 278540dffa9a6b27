//! Blocks of coefficients: of a baseline scan, or of one of the four kinds of progressive scans (ITU-T T.81, sections
//! F.2.2 and G.1.2). Values are passed over; where they end is what counts.

use crate::picture::Refusal;
use crate::picture::jpeg::bits::Bits;
use crate::picture::jpeg::huffman::Huffman;
use crate::picture::walk::input::broken;
use crate::picture::walk::jpeg::Scan;

/// What a scan brings of each block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Band {
    /// All of it.
    Whole,
    /// The mean, but for its last bits.
    Dc,
    /// One more bit of the mean.
    DcBit,
    /// Coefficients from the first to the last, but for their last bits.
    Ac(u8, u8),
    /// One more bit of those.
    AcBit(u8, u8),
}

impl Band {
    pub(crate) fn of(scan: &Scan, is_progressive: bool) -> Result<Self, Refusal> {
        Ok(match (is_progressive, scan.band, scan.bits.0) {
            (false, ..) => Self::Whole,
            (true, (0, 0), 0) => Self::Dc,
            (true, (0, 0), _) => Self::DcBit,
            (true, (0, _), _) => return Err(broken("a progressive scan mixes means and other coefficients")),
            (true, ..) if scan.components.len() > 1 => {
                return Err(broken("a progressive scan mixes coefficients of several components"));
            }
            (true, (first, last), 0) => Self::Ac(first, last),
            (true, (first, last), _) => Self::AcBit(first, last),
        })
    }

    pub(crate) fn needs_dc(self) -> bool {
        matches!(self, Self::Whole | Self::Dc)
    }

    pub(crate) fn needs_ac(self) -> bool {
        !matches!(self, Self::Dc | Self::DcBit)
    }

    /// Passes over a block. `run` counts blocks that bring nothing more.
    #[inline]
    pub(crate) fn block(
        self,
        bits: &mut Bits,
        dc: Option<&Huffman>,
        ac: Option<&Huffman>,
        filled: Option<&mut u64>,
        run: &mut u32,
    ) -> Result<(), Refusal> {
        if let Some(dc) = dc {
            let size = dc.symbol(bits)?;
            if size > 11 {
                return Err(wrong(bits, "a mean has an impossible size"));
            }
            bits.skip(usize::from(size));
        }
        match (self, ac, filled) {
            (Self::Whole, Some(ac), _) => whole(bits, ac)?,
            (Self::DcBit, ..) => bits.skip(1),
            (Self::Ac(first, last), Some(ac), Some(filled)) => some(bits, ac, (first, last), filled, run)?,
            (Self::AcBit(first, last), Some(ac), Some(filled)) => refine(bits, ac, (first, last), filled, run)?,
            _ => {}
        }
        if bits.is_within() { Ok(()) } else { Err(Refusal::Truncated) }
    }
}

/// What is behind the end is zeros, and what they seem to mean is no fault of the data.
#[cold]
fn wrong(bits: &Bits, why: &str) -> Refusal {
    if bits.is_within() { broken(why) } else { Refusal::Truncated }
}

#[inline]
fn whole(bits: &mut Bits, ac: &Huffman) -> Result<(), Refusal> {
    let mut place = 1;
    while place < 64 {
        let symbol = ac.symbol(bits)?;
        let (run, size) = (symbol >> 4, symbol & 15);
        if size == 0 {
            if run < 15 {
                return Ok(());
            }
            place += 16;
            continue;
        }
        place += u32::from(run) + 1;
        bits.skip(usize::from(size));
    }
    if place > 64 { Err(wrong(bits, "a block has too many coefficients")) } else { Ok(()) }
}

fn some(
    bits: &mut Bits,
    ac: &Huffman,
    (first, last): (u8, u8),
    filled: &mut u64,
    run: &mut u32,
) -> Result<(), Refusal> {
    if *run > 0 {
        *run -= 1;
        return Ok(());
    }
    let (mut place, end) = (u32::from(first), u32::from(last) + 1);
    while place < end {
        let symbol = ac.symbol(bits)?;
        let (zeros, size) = (symbol >> 4, symbol & 15);
        match (zeros, size) {
            (15, 0) => place += 16,
            (zeros, 0) => {
                *run = (1 << zeros) - 1 + bits.take(zeros);
                return Ok(());
            }
            _ => {
                place += u32::from(zeros);
                if place < end {
                    *filled |= 1 << place;
                }
                place += 1;
                bits.skip(usize::from(size));
            }
        }
    }
    if place > end { Err(wrong(bits, "a block has too many coefficients")) } else { Ok(()) }
}

fn refine(
    bits: &mut Bits,
    ac: &Huffman,
    (first, last): (u8, u8),
    filled: &mut u64,
    run: &mut u32,
) -> Result<(), Refusal> {
    let (mut place, end) = (u32::from(first), u32::from(last) + 1);
    let before = *filled;
    while *run == 0 && place < end {
        let symbol = ac.symbol(bits)?;
        let (mut zeros, size) = (symbol >> 4, symbol & 15);
        match (zeros, size) {
            (15, 0) => {}
            (zeros, 0) => {
                *run = (1 << zeros) + bits.take(zeros);
                break;
            }
            (_, 1) => bits.skip(1),
            _ => return Err(wrong(bits, "a refined coefficient is of an impossible size")),
        }
        // a bit for each that is there already, up to the place behind so many that are not
        while place < end {
            if before >> place & 1 == 1 {
                bits.skip(1);
            } else if zeros == 0 {
                break;
            } else {
                zeros -= 1;
            }
            place += 1;
        }
        if size == 1 {
            if place >= end {
                return Err(wrong(bits, "a block has too many coefficients"));
            }
            *filled |= 1 << place;
        }
        place += 1;
    }
    if *run > 0 {
        if place < end {
            // as many as are there from here on
            bits.skip((before >> place << place & (u64::MAX >> (64 - end))).count_ones() as usize);
        }
        *run -= 1;
    }
    Ok(())
}
