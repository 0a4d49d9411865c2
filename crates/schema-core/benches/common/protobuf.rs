//! Protobuf files of growing size, one as a team would write it, and a renamed import.

use std::fmt::Write as _;

use levada_schema_core::SchemaType;

use super::{Pair, Version, reference};

pub(crate) fn pairs() -> Vec<Pair> {
    let mut pairs: Vec<Pair> = [10, 100, 1_000].map(flat).into();
    pairs.extend([nested(6, 8), references(50), realistic()]);
    pairs
}

fn pair(name: impl Into<String>, fields: usize, old: Version, new: Version) -> Pair {
    Pair { schema_type: SchemaType::Protobuf, name: name.into(), old, new, fields }
}

const HEAD: &str = "syntax = \"proto3\";\npackage org.example.shop;\n";
const ADDED: &str = "  optional string added = 100000;\n";

/// Field number `index`, from 0; the types take turns.
fn field(index: usize) -> String {
    let (schema, options) = match index % 8 {
        0 => ("string", ""),
        1 => ("int64", ""),
        2 => ("repeated string", ""),
        3 => ("google.protobuf.Timestamp", ""),
        4 => ("map<string, int64>", ""),
        5 => ("optional double", " [deprecated = true]"),
        6 => ("State", ""),
        _ => ("bytes", " [json_name = \"raw\"]"),
    };
    let number = index + 1;
    format!(
        "  // What field {index} of the message holds.\n  {schema} field_{index} = {number}{options};\n"
    )
}

const STATE: &str =
    "enum State {\n  STATE_UNSPECIFIED = 0;\n  STATE_OPEN = 1;\n  STATE_DONE = 2;\n}\n";
const TIMESTAMP: &str = "import \"google/protobuf/timestamp.proto\";\n";

pub(crate) fn flat(count: usize) -> Pair {
    let fields: String = (0..count - 1).map(field).collect();
    let text =
        |added: &str| format!("{HEAD}{TIMESTAMP}{STATE}message Wide {{\n{fields}{added}}}\n");
    let (old, new) = (Version::of(text("")), Version::of(text(ADDED)));
    pair(format!("{count} fields"), count, old, new)
}

fn nested(levels: usize, width: usize) -> Pair {
    let text = |added: &str| {
        let mut inner = added.to_owned();
        for level in (0..levels).rev() {
            let fields: String = (0..width).map(field).collect();
            let below = format!("  Level{} inner = 99;\n", level + 1);
            let below = if level + 1 < levels { below.as_str() } else { "" };
            inner = format!("message Level{level} {{\n{fields}{below}{inner}}}\n");
        }
        format!("{HEAD}{TIMESTAMP}{STATE}{inner}")
    };
    let (old, new) = (Version::of(text("")), Version::of(text(ADDED)));
    pair(format!("{levels} levels of {width} fields"), levels * (width + 1), old, new)
}

fn references(count: usize) -> Pair {
    let width = 5;
    let version = |added: &str| {
        let mut text = HEAD.to_owned();
        let mut whole = String::new();
        let mut references = Vec::with_capacity(count);
        for at in 0..count {
            let path = format!("shop/part_{at}.proto");
            let fields: String = (0..width).map(field).collect();
            let part = format!("{HEAD}{TIMESTAMP}message Part{at} {{\n{fields}}}\n");
            references.push(reference(&path, 1, part));
            // Writing to a string cannot fail.
            let _ = writeln!(text, "import \"{path}\";");
            let _ = writeln!(whole, "  Part{at} part_{at} = {};", at + 1);
        }
        let _ = write!(text, "message Whole {{\n{whole}{added}}}\n");
        Version { text, references }
    };
    let fields = count * (width + 1) + 1;
    pair(format!("{count} references"), fields, version(""), version(ADDED))
}

/// An import under another name, whose messages each name the next one twice: comparing each
/// field on its own would take a step for every way through them.
pub(crate) fn renamed_import(levels: usize) -> Pair {
    let version = |path: &str| {
        let mut part = HEAD.to_owned();
        for level in 0..levels {
            let next = (level + 1).min(levels - 1);
            // Writing to a string cannot fail.
            let _ = writeln!(
                part,
                "message M{level} {{\n  M{next} left = 1;\n  M{next} right = 2;\n}}"
            );
        }
        Version {
            text: format!("{HEAD}import \"{path}\";\nmessage Whole {{\n  M0 part = 1;\n}}\n"),
            references: vec![reference(path, 1, part)],
        }
    };
    let (old, new) = (version("old/part.proto"), version("new/part.proto"));
    pair(format!("renamed import, {levels} levels"), 2 * levels + 1, old, new)
}

fn realistic() -> Pair {
    let version = |reason: &str, added: &str| Version {
        text: ORDERS.replace("@REASON@", reason).replace("@ADDED@", added),
        references: vec![
            reference("shop/common/money.proto", 1, MONEY.to_owned()),
            reference("shop/common/options.proto", 1, OPTIONS.to_owned()),
        ],
    };
    let old = version("", "");
    let new = version(
        "\n    // The parcel came back.\n    REASON_RETURNED = 4;",
        "\n\n  // What to print on the card, if the order is a gift.\n  optional string gift_message = 17;",
    );
    pair("realistic", 51, old, new)
}

const MONEY: &str = r#"syntax = "proto3";
package shop.common;

option java_package = "org.example.shop.common";
option java_multiple_files = true;

// An amount of money.
message Money {
  // ISO 4217.
  string currency = 1;
  // Whole units, then billionths of a unit with the same sign.
  int64 units = 2;
  int32 nanos = 3;
}
"#;

const OPTIONS: &str = r#"syntax = "proto3";
package shop.common;

import "google/protobuf/descriptor.proto";

// How a field may be shown.
message Privacy {
  bool is_personal = 1;
  string retention = 2;
}

extend google.protobuf.FieldOptions {
  Privacy privacy = 50001;
}
"#;

const ORDERS: &str = r#"// Copyright of the shop.
syntax = "proto3";

package shop.orders.v1;

import "google/protobuf/duration.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/timestamp.proto";
import "shop/common/money.proto";
import "shop/common/options.proto";

option go_package = "example.org/shop/orders/v1;orders";
option java_multiple_files = true;
option java_outer_classname = "OrdersProto";
option java_package = "org.example.shop.orders.v1";

// Orders from placement to delivery.
service Orders {
  // Returns one order.
  rpc GetOrder(GetOrderRequest) returns (Order);

  // Lists the orders of a customer, newest first.
  rpc ListOrders(ListOrdersRequest) returns (ListOrdersResponse) {
    option idempotency_level = NO_SIDE_EFFECTS;
  }

  // Changes what may still be changed.
  rpc UpdateOrder(UpdateOrderRequest) returns (Order);

  // Follows an order until it is delivered.
  rpc WatchOrder(GetOrderRequest) returns (stream Order);
}

// An order as the customer confirmed it.
message Order {
  // Where an order stands.
  enum State {
    // Not said.
    STATE_UNSPECIFIED = 0;
    // Payment is pending.
    STATE_PLACED = 1;
    // Paid and in the warehouse.
    STATE_PAID = 2;
    // With the carrier.
    STATE_SHIPPED = 3;
    // With the customer.
    STATE_DELIVERED = 4;
    // Called off; see `cancellation`.
    STATE_CANCELLED = 5;
  }

  // A position of the order.
  message Item {
    // Stock keeping unit.
    string sku = 1;
    // As it was shown to the customer.
    string title = 2;
    uint32 quantity = 3;
    // Before discounts, with tax.
    shop.common.Money unit_price = 4;
    shop.common.Money discount = 5;
    map<string, string> attributes = 6;
    optional uint64 weight_grams = 7;
  }

  // Why an order was called off.
  message Cancellation {
    enum Reason {
      REASON_UNSPECIFIED = 0;
      REASON_CUSTOMER = 1;
      REASON_PAYMENT = 2;
      REASON_STOCK = 3;@REASON@
    }
    Reason reason = 1;
    string comment = 2;
    google.protobuf.Timestamp at = 3;
  }

  reserved 9, 11 to 13;
  reserved "coupon", "legacy_state";

  // The number that the customer sees. Never changes.
  string name = 1;
  State state = 2;
  google.protobuf.Timestamp create_time = 3;
  google.protobuf.Timestamp update_time = 4;
  string customer = 5 [(shop.common.privacy).is_personal = true, deprecated = true];
  Contact contact = 6;
  repeated Item items = 7;
  shop.common.Money total = 8;

  // How the order is paid.
  oneof payment {
    CardPayment card = 10;
    TransferPayment transfer = 14;
    // The code of a voucher.
    string voucher = 15;
  }
  Cancellation cancellation = 16;@ADDED@
}

// Where to reach the customer.
message Contact {
  string email = 1 [(shop.common.privacy) = { is_personal: true, retention: "P2Y" }];
  string phone = 2 [(shop.common.privacy).is_personal = true];
  Address address = 3;
  // BCP 47.
  string locale = 4;
}

message Address {
  string name = 1 [(shop.common.privacy).is_personal = true];
  // One to four.
  repeated string lines = 2;
  string postal_code = 3;
  string city = 4;
  // ISO 3166-2.
  string region = 5;
  // ISO 3166-1 alpha-2.
  string country = 6;
}

message CardPayment {
  string network = 1;
  string last_digits = 2;
  // The acquirer's reference.
  string authorization = 3;
}

message TransferPayment {
  string iban = 1 [(shop.common.privacy).is_personal = true];
  google.protobuf.Duration due_in = 2;
}

message GetOrderRequest {
  string name = 1;
  google.protobuf.FieldMask read_mask = 2;
}

message ListOrdersRequest {
  string customer = 1;
  // At most 1,000; 0 means 50.
  int32 page_size = 2;
  string page_token = 3;
  repeated Order.State states = 4;
}

message ListOrdersResponse {
  repeated Order orders = 1;
  string next_page_token = 2;
}

message UpdateOrderRequest {
  Order order = 1;
  google.protobuf.FieldMask update_mask = 2;
}
"#;
