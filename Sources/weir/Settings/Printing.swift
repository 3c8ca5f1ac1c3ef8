import WeirWire

/// Prints one JSON object on one line of standard output.
func printJSON(_ body: (inout JSONWriter) -> Void) {
    print(String(decoding: JSONWriter.object(body), as: UTF8.self))
}
