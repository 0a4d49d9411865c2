//! What somebody writes by hand who knows both records and nothing else: the limit of what a
//! general encoder of Avro can reach.

use std::collections::HashMap;

use crate::records::{Address, AddressRef, LineItem, LineItemRef, Order, OrderRef, User, UserRef};

pub fn frame(id: u32, out: &mut Vec<u8>) {
    let [a, b, c, d] = id.to_be_bytes();
    out.extend_from_slice(&[0, a, b, c, d]);
}

#[inline]
fn long(value: i64, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest > 0x7f {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

#[inline]
fn text(value: &str, out: &mut Vec<u8>) {
    long(value.len() as i64, out);
    out.extend_from_slice(value.as_bytes());
}

#[inline]
fn double(value: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(&value.to_le_bytes());
}

pub fn encode_user(user: &User, out: &mut Vec<u8>) {
    text(&user.name, out);
    long(user.age.into(), out);
    text(&user.email, out);
}

pub fn encode_order(order: &Order, out: &mut Vec<u8>) {
    long(order.order_id, out);
    text(&order.customer_id, out);
    text(&order.status, out);
    double(order.amount, out);
    text(&order.currency, out);
    match &order.coupon_code {
        None => out.push(0),
        Some(code) => {
            out.push(2);
            text(code, out);
        }
    }
    let Address { street, city, postal_code, country } = &order.shipping;
    text(street, out);
    text(city, out);
    text(postal_code, out);
    text(country, out);
    if !order.line_items.is_empty() {
        long(order.line_items.len() as i64, out);
        for LineItem { sku, quantity, unit_price } in &order.line_items {
            text(sku, out);
            long((*quantity).into(), out);
            double(*unit_price, out);
        }
    }
    out.push(0);
    if !order.attributes.is_empty() {
        long(order.attributes.len() as i64, out);
        for (key, value) in &order.attributes {
            text(key, out);
            text(value, out);
        }
    }
    out.push(0);
    long(order.created_at, out);
}

/// The body of a message, read from its front. Whatever is wrong with it is `None`.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// Takes the prefix off a message.
    pub fn framed(message: &'a [u8]) -> Option<(u32, Self)> {
        let (head, body) = message.split_first_chunk::<5>()?;
        let [0, a, b, c, d] = *head else { return None };
        Some((u32::from_be_bytes([a, b, c, d]), Self(body)))
    }

    #[inline]
    fn long(&mut self) -> Option<i64> {
        let (mut value, mut shift) = (0, 0);
        loop {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some((value >> 1) as i64 ^ -((value & 1) as i64));
            }
            shift += 7;
            if shift > 63 {
                return None;
            }
        }
    }

    #[inline]
    fn int(&mut self) -> Option<i32> {
        i32::try_from(self.long()?).ok()
    }

    #[inline]
    fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.long()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    #[inline]
    fn double(&mut self) -> Option<f64> {
        let (bytes, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(f64::from_le_bytes(*bytes))
    }

    /// The items of an array or the entries of a map.
    #[inline]
    fn blocks(&mut self, mut item: impl FnMut(&mut Self, usize) -> Option<()>) -> Option<()> {
        loop {
            let mut count = self.long()?;
            if count == 0 {
                return Some(());
            }
            if count < 0 {
                self.long()?;
                count = count.checked_neg()?;
            }
            let count = usize::try_from(count).ok()?;
            for left in (1..=count).rev() {
                item(self, left.min(self.0.len()))?;
            }
        }
    }

    pub fn user_ref(&mut self) -> Option<UserRef<'a>> {
        Some(UserRef { name: self.text()?, age: self.int()?, email: self.text()? })
    }

    pub fn user(&mut self) -> Option<User> {
        let name = self.text()?.to_owned();
        Some(User { name, age: self.int()?, email: self.text()?.to_owned() })
    }

    pub fn order_ref(&mut self) -> Option<OrderRef<'a>> {
        let order_id = self.long()?;
        let (customer_id, status) = (self.text()?, self.text()?);
        let (amount, currency) = (self.double()?, self.text()?);
        let coupon_code = match self.long()? {
            0 => None,
            1 => Some(self.text()?),
            _ => return None,
        };
        let (street, city) = (self.text()?, self.text()?);
        let (postal_code, country) = (self.text()?, self.text()?);
        let shipping = AddressRef { street, city, postal_code, country };
        let mut line_items = Vec::new();
        self.blocks(|reader, left| {
            line_items.reserve(left);
            let (sku, quantity) = (reader.text()?, reader.int()?);
            line_items.push(LineItemRef { sku, quantity, unit_price: reader.double()? });
            Some(())
        })?;
        let mut attributes = HashMap::new();
        self.blocks(|reader, left| {
            attributes.reserve(left);
            attributes.insert(reader.text()?, reader.text()?);
            Some(())
        })?;
        Some(OrderRef {
            order_id,
            customer_id,
            status,
            amount,
            currency,
            coupon_code,
            shipping,
            line_items,
            attributes,
            created_at: self.long()?,
        })
    }

    pub fn order(&mut self) -> Option<Order> {
        let order_id = self.long()?;
        let (customer_id, status) = (self.text()?.to_owned(), self.text()?.to_owned());
        let (amount, currency) = (self.double()?, self.text()?.to_owned());
        let coupon_code = match self.long()? {
            0 => None,
            1 => Some(self.text()?.to_owned()),
            _ => return None,
        };
        let (street, city) = (self.text()?.to_owned(), self.text()?.to_owned());
        let (postal_code, country) = (self.text()?.to_owned(), self.text()?.to_owned());
        let shipping = Address { street, city, postal_code, country };
        let mut line_items = Vec::new();
        self.blocks(|reader, left| {
            line_items.reserve(left);
            let (sku, quantity) = (reader.text()?.to_owned(), reader.int()?);
            line_items.push(LineItem { sku, quantity, unit_price: reader.double()? });
            Some(())
        })?;
        let mut attributes = HashMap::new();
        self.blocks(|reader, left| {
            attributes.reserve(left);
            attributes.insert(reader.text()?.to_owned(), reader.text()?.to_owned());
            Some(())
        })?;
        Some(Order {
            order_id,
            customer_id,
            status,
            amount,
            currency,
            coupon_code,
            shipping,
            line_items,
            attributes,
            created_at: self.long()?,
        })
    }
}
