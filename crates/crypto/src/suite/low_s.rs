//! The two forms of an ECDSA signature: `(r, s)` and `(r, n − s)` both verify; only the lower `s` counts.

/// A curve with its group order.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Curve {
    P256,
    Secp256k1,
}

/// Where the `s` of a signature lies.
pub(crate) enum SPart {
    /// 1 to n / 2.
    Low,
    /// Above n / 2, below n.
    High,
    /// `r` or `s` is zero or not below n.
    OutOfRange,
}

type Scalar = [u8; 32];

/// Group order of P-256, big-endian. FIPS 186-5, SP 800-186 §3.2.1.3.
const P256_ORDER: Scalar = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

impl Curve {
    const fn order(self) -> Scalar {
        match self {
            Self::P256 => P256_ORDER,
            Self::Secp256k1 => secp256k1::constants::CURVE_ORDER,
        }
    }
}

fn halves(rs: &[u8; 64]) -> (Scalar, Scalar) {
    let (mut r, mut s) = ([0u8; 32], [0u8; 32]);
    r.iter_mut().chain(s.iter_mut()).zip(rs).for_each(|(to, from)| *to = *from);
    (r, s)
}

/// `a − b` of big-endian numbers; the caller knows that a ≥ b.
fn minus(a: &Scalar, b: &Scalar) -> Scalar {
    let mut difference = [0u8; 32];
    let mut borrow = false;
    for (to, (x, y)) in difference.iter_mut().zip(a.iter().zip(b)).rev() {
        let (step, under_y) = x.overflowing_sub(*y);
        let (step, under_borrow) = step.overflowing_sub(u8::from(borrow));
        *to = step;
        borrow = under_y || under_borrow;
    }
    difference
}

pub(crate) fn s_part(curve: Curve, rs: &[u8; 64]) -> SPart {
    let (r, s) = halves(rs);
    let order = curve.order();
    let in_range = |scalar: &Scalar| *scalar != [0; 32] && *scalar < order;
    if !in_range(&r) || !in_range(&s) {
        return SPart::OutOfRange;
    }
    // n is odd: s ≤ (n − 1) / 2 exactly when s ≤ n − s.
    if s <= negated(curve, &s) { SPart::Low } else { SPart::High }
}

/// `n − s` of an `s` in range.
pub(crate) fn negated(curve: Curve, s: &Scalar) -> Scalar {
    minus(&curve.order(), s)
}

/// The low form of `rs`, and whether `s` had to be negated; `None` when a scalar is out of range.
pub(crate) fn lowered(curve: Curve, rs: &[u8; 64]) -> Option<([u8; 64], bool)> {
    match s_part(curve, rs) {
        SPart::Low => Some((*rs, false)),
        SPart::OutOfRange => None,
        SPart::High => {
            let (_, s) = halves(rs);
            let mut low = *rs;
            *low.last_chunk_mut()? = negated(curve, &s);
            Some((low, true))
        }
    }
}
