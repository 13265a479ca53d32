//! What some operations look like as IR. After a change on purpose: `INSTA_UPDATE=always cargo test -p whipsnake-ops --test snapshots`.

fn text(name: &str, borrowed: u8) -> String {
    let operation = whipsnake_ops::all().into_iter().find(|o| o.name == name).expect("the operation exists");
    operation.build(borrowed).to_string()
}

#[test]
fn some_operations() {
    for (name, borrowed) in [
        ("BINARY_OP", 0),
        ("BINARY_OP_ADD_FLOAT", 0b00),
        ("BINARY_OP_ADD_FLOAT", 0b11),
        ("BINARY_OP_ADD_INT", 0b10),
        ("LOAD_FAST", 0),
        ("POP_JUMP_IF_NONE", 0),
        ("STORE_FAST", 0b1),
    ] {
        insta::assert_snapshot!(format!("{name}-{borrowed}"), text(name, borrowed));
    }
}
