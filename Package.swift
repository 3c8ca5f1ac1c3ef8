// swift-tools-version: 6.2
import PackageDescription

/// Every target is compiled in Swift 6 mode and a warning stops the build. Not by unsafe flags: a package that has them
/// cannot be a versioned dependency, and its library products could not be used.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let collections: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
]
let tls: [Target.Dependency] = [
    .product(name: "HummingbirdTLS", package: "hummingbird"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
]
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let jwt: Target.Dependency = .product(name: "JWTKit", package: "jwt-kit")
let certificates: [Target.Dependency] = [
    .product(name: "X509", package: "swift-certificates"),
    .product(name: "SwiftASN1", package: "swift-asn1"),
]
let sslClient: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let yaml: Target.Dependency = .product(name: "Yams", package: "Yams")
let histogram: Target.Dependency = .product(name: "Histogram", package: "hdrhistogram-swift")

// The targets stand in the order of the house: a row may import only rows above it.
let package = Package(
    name: "weir",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "weir", targets: ["weir"]),
        .library(name: "AMQPClient", targets: ["AMQPClient"]),
        .library(name: "WeirProducer", targets: ["WeirProducer", "WeirCore", "WeirWire"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        .target(
            name: "WeirTopology",
            path: "Topology",
            exclude: ["rabbitmq"],
            resources: [.embedInCode("migrations"), .embedInCode("queries")],
            swiftSettings: strict),
        .target(
            name: "WeirContract",
            resources: [.embedInCode("openapi.yaml"), .embedInCode("asyncapi.yaml")],
            swiftSettings: strict),
        .systemLibrary(name: "CRabbitMQ", pkgConfig: "librabbitmq", providers: [.apt(["librabbitmq-dev"])]),
        .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        // Without pkg-config: hiredis.pc asks for a flag that SwiftPM refuses, and says so at every build.
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .target(name: "WeirCore", swiftSettings: strict),
        .target(name: "WeirWire", dependencies: ["WeirCore"], swiftSettings: strict),
        .target(name: "WeirMetrics", dependencies: [metrics], swiftSettings: strict),
        .target(
            name: "AMQPClient", dependencies: ["CRabbitMQ", logging, collections], swiftSettings: strict),
        .target(name: "PostgresClient", dependencies: ["CPostgreSQL"], swiftSettings: strict),
        .target(
            name: "WeirPipeline", dependencies: ["WeirCore", "WeirWire", logging, collections],
            swiftSettings: strict),
        .target(
            name: "WeirSimulation",
            dependencies: ["WeirCore", "WeirWire", "WeirPipeline", logging, collections],
            swiftSettings: strict),
        .target(
            name: "WeirLive",
            dependencies: [
                "WeirTopology", "WeirCore", "WeirWire", "WeirMetrics", "AMQPClient", "PostgresClient",
                "WeirPipeline", logging, metrics, collections, crypto,
            ],
            swiftSettings: strict),
        .target(
            name: "WeirProducer",
            dependencies: ["WeirTopology", "WeirCore", "WeirWire", "AMQPClient", logging, lifecycle],
            swiftSettings: strict),
        .target(
            name: "WeirIngress",
            dependencies: [
                "WeirTopology", "WeirContract", "WeirCore", "WeirWire", "WeirMetrics", "AMQPClient",
                "PostgresClient", "WeirLive", "WeirProducer", logging, metrics, collections, lifecycle,
                httpTypes,
                hummingbird, crypto, jwt,
            ] + nio + tls,
            swiftSettings: strict),
        .target(
            name: "WeirSandbox", dependencies: [logging, crypto] + certificates, swiftSettings: strict),
        .executableTarget(
            name: "weir",
            dependencies: [
                "WeirTopology", "WeirCore", "WeirWire", "WeirMetrics", "AMQPClient", "PostgresClient",
                "WeirPipeline", "WeirSimulation", "WeirLive", "WeirIngress", "WeirSandbox", logging, metrics,
                arguments, lifecycle, configuration, httpClient, httpTypes, histogram, hummingbird, crypto,
                sslClient,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "weir-lab",
            dependencies: [
                "WeirTopology", "WeirCore", "WeirWire", "AMQPClient", "PostgresClient", "CRabbitMQ",
                "CHiredis", "WeirPipeline", "WeirSimulation",
                "WeirLive", "WeirIngress", "WeirSandbox", logging, arguments, lifecycle, httpClient,
                histogram, hummingbird, httpTypes, crypto,
            ] + nio,
            resources: [.embedInCode("Queries")],
            swiftSettings: strict),
        .testTarget(name: "WeirTopologyTests", dependencies: ["WeirTopology"], swiftSettings: strict),
        .testTarget(name: "WeirCoreTests", dependencies: ["WeirCore"], swiftSettings: strict),
        .testTarget(name: "WeirWireTests", dependencies: ["WeirCore", "WeirWire"], swiftSettings: strict),
        .testTarget(
            name: "WeirMetricsTests", dependencies: ["WeirMetrics", metrics], swiftSettings: strict),
        .testTarget(
            name: "AMQPClientTests", dependencies: ["AMQPClient", "WeirSandbox", logging],
            swiftSettings: strict),
        .testTarget(
            name: "PostgresClientTests", dependencies: ["PostgresClient", "WeirSandbox"],
            swiftSettings: strict),
        .testTarget(
            name: "WeirPipelineTests",
            dependencies: ["WeirCore", "WeirWire", "WeirPipeline", "WeirSimulation"],
            swiftSettings: strict),
        .testTarget(
            name: "WeirSimulationTests",
            dependencies: ["WeirCore", "WeirWire", "WeirPipeline", "WeirSimulation"],
            swiftSettings: strict),
        .testTarget(
            name: "WeirLiveTests",
            dependencies: [
                "WeirTopology", "WeirCore", "WeirWire", "AMQPClient", "PostgresClient", "WeirPipeline",
                "WeirSimulation", "WeirLive", "WeirSandbox", logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "WeirProducerTests",
            dependencies: [
                "WeirTopology", "WeirCore", "WeirWire", "AMQPClient", "PostgresClient", "WeirLive",
                "WeirProducer", "WeirSandbox", logging, lifecycle,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "WeirIngressTests",
            dependencies: [
                "WeirTopology", "WeirContract", "WeirCore", "WeirWire", "WeirMetrics", "AMQPClient",
                "PostgresClient", "WeirPipeline", "WeirLive", "WeirProducer", "WeirIngress", "WeirSandbox",
                logging, httpClient, yaml, crypto, cryptoExtras, sslClient,
            ],
            swiftSettings: strict),
        .testTarget(name: "WeirSandboxTests", dependencies: ["WeirSandbox"], swiftSettings: strict),
        .testTarget(
            name: "WeirTests",
            dependencies: [
                "weir", "WeirTopology", "WeirCore", "WeirWire", "WeirMetrics", "AMQPClient", "PostgresClient",
                "WeirPipeline",
                "WeirLive", "WeirIngress", "WeirSandbox", logging, httpClient,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "WeirLabTests",
            dependencies: [
                "weir-lab", "WeirCore", "WeirWire", "AMQPClient", "PostgresClient", "WeirPipeline",
                "WeirLive", "WeirSandbox",
            ],
            swiftSettings: strict),
    ]
)
