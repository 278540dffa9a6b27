//! Huffman codes (ITU-T T.81, annex C), looked up by their first bits.

use crate::picture::Refusal;
use crate::picture::jpeg::bits::Bits;
use crate::picture::walk::Input;
use crate::picture::walk::input::broken;

/// Bits of a code that are looked up at once; longer codes are rare.
const LOOKED_UP: u32 = 9;

/// A table of codes.
#[derive(Debug, Clone)]
pub(crate) struct Huffman {
    /// Length of the code and symbol; a length of 0 where the code is longer.
    short: [(u8, u8); 1 << LOOKED_UP],
    /// For each length from 1: the codes of that length end before this one, aligned to 16 bits, and where their
    /// symbols begin, less the first code.
    ends: [(u32, i32); 16],
    symbols: Vec<u8>,
}

impl Huffman {
    /// Reads the tables of a DHT segment.
    pub(crate) fn read(data: Input<'_>, dc: &mut [Option<Self>; 4], ac: &mut [Option<Self>; 4]) -> Result<(), Refusal> {
        let mut at = 0;
        while at < data.len() {
            let head = data.byte(at)?;
            let counts = data.slice(at + 1, 16)?;
            let count = counts.iter().map(|count| usize::from(*count)).sum();
            let table = Self::of(counts, data.slice(at + 17, count)?)?;
            let tables = if head >> 4 == 0 { &mut *dc } else { &mut *ac };
            let table_at = usize::from(head & 15);
            *tables.get_mut(table_at).ok_or_else(|| broken("a table of codes has an impossible number"))? = Some(table);
            at += 17 + count;
        }
        Ok(())
    }

    fn of(counts: &[u8], symbols: &[u8]) -> Result<Self, Refusal> {
        let mut table = Self { short: [(0, 0); 1 << LOOKED_UP], ends: [(0, 0); 16], symbols: symbols.to_vec() };
        let (mut code, mut index) = (0_u32, 0_usize);
        for (count, length) in counts.iter().zip(1_u32..) {
            let first = code;
            for symbol in symbols.iter().skip(index).take(usize::from(*count)) {
                if length <= LOOKED_UP {
                    let start = (code << (LOOKED_UP - length)) as usize;
                    let places = table.short.get_mut(start..start + (1 << (LOOKED_UP - length)));
                    places
                        .ok_or_else(|| broken("a table has more codes than there can be"))?
                        .fill((length as u8, *symbol));
                }
                code += 1;
            }
            if code > 1 << length {
                return Err(broken("a table has more codes than there can be"));
            }
            table.ends[length as usize - 1] = (code << (16 - length), index as i32 - first as i32);
            index += usize::from(*count);
            code <<= 1;
        }
        Ok(table)
    }

    /// The next symbol.
    #[inline]
    pub(crate) fn symbol(&self, bits: &mut Bits) -> Result<u8, Refusal> {
        let next = bits.peek();
        let (length, symbol) = self.short[(next >> (32 - LOOKED_UP)) as usize];
        if length > 0 {
            bits.skip(usize::from(length));
            return Ok(symbol);
        }
        self.long(bits, next >> 16)
    }

    #[cold]
    fn long(&self, bits: &mut Bits, next: u32) -> Result<u8, Refusal> {
        for (length, (end, start)) in (1_u32..).zip(&self.ends).skip(LOOKED_UP as usize) {
            if next < *end {
                let index = usize::try_from((next >> (16 - length)) as i32 + start);
                bits.skip(length as usize);
                let symbol = index.ok().and_then(|index| self.symbols.get(index)).copied();
                return symbol.ok_or_else(|| broken("a code of its pixels is in no table"));
            }
        }
        Err(if bits.is_within() { broken("a code of its pixels is in no table") } else { Refusal::Truncated })
    }
}
