/// What Weir promises to programs that talk to it, in the two languages made for it; kept by hand, and tested
/// against what the server really does.
public enum Contract {
    /// The HTTP API as OpenAPI 3.1, in YAML.
    public static let openAPI = PackageResources.openapi_yaml
    /// The messages on the broker as AsyncAPI 3.0, in YAML.
    public static let asyncAPI = PackageResources.asyncapi_yaml
}
