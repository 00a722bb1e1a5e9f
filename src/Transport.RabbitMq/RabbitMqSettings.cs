using Fleet.Core.Text;
using Microsoft.Extensions.Configuration;

namespace Fleet.Transport.RabbitMq;

/// <summary>Where the broker is, and how it is used.</summary>
public sealed class RabbitMqSettings
{
    /// <summary>What <see cref="TryParse"/> takes, for errors.</summary>
    public const string Allowed = "amqp://user:password@host:port/vhost, or amqps";

    /// <summary>The default of <see cref="LookAhead"/>.</summary>
    public static readonly TimeSpan DefaultLookAhead = TimeSpan.FromSeconds(30);

    /// <summary>Where brokers listen for TLS.</summary>
    private const ushort TlsPort = 5671;

    private RabbitMqSettings(Uri uri)
    {
        var user = uri.UserInfo.Split(':', 2);
        Host = uri.Host;
        Port = uri.Port > 0 ? (ushort)uri.Port : uri.Scheme == "amqps" ? TlsPort : (ushort)5672;
        // MassTransit speaks TLS on that port whatever the scheme; so every connection does.
        UsesTls = uri.Scheme == "amqps" || Port == TlsPort;
        VirtualHost = uri.AbsolutePath.Length > 1 ? Uri.UnescapeDataString(uri.AbsolutePath[1..]) : "/";
        User = user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : "guest";
        Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : "guest";
    }

    public string Host { get; }

    public ushort Port { get; }

    public bool UsesTls { get; }

    public string VirtualHost { get; }

    public string User { get; }

    public string Password { get; }

    /// <summary>How far ahead leaders put nudges on the belts. Default: 30 s.</summary>
    public TimeSpan LookAhead { get; init; } = DefaultLookAhead;

    /// <summary>The broker's management interface. Null (the default): what workers hold in their hands is not counted, and policies are
    /// not seen.</summary>
    public Uri? ManagementUri { get; init; }

    /// <summary>Who may vouch for the broker's certificate, on AMQP and on https. Null (the default): the authorities that the machine
    /// trusts.</summary>
    public BrokerTrust? Trust { get; init; }

    /// <summary>How long a message waits after each unexpected error before it is tried again; after as many tries as there are pauses it
    /// is parked.</summary>
    internal IReadOnlyList<TimeSpan> Pauses { get; set; } =
    [
        TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30),
        .. Enumerable.Repeat(TimeSpan.FromMinutes(2), 6),
    ];

    /// <summary>Reads where the broker is.</summary>
    /// <exception cref="InvalidOperationException">A setting is not allowed; names it, its value and what is allowed.</exception>
    public static RabbitMqSettings Read(IConfiguration configuration) =>
        (configuration.GetSection(RabbitMqOptions.Section).Get<RabbitMqOptions>() ?? new RabbitMqOptions()).Read(DefaultLookAhead);

    /// <summary>Reads the address of a broker.</summary>
    /// <returns>Null when the text is none.</returns>
    public static RabbitMqSettings? TryParse(string? uri, TimeSpan lookAhead, Uri? managementUri = null, BrokerTrust? trust = null) =>
        Uri.TryCreate(uri, UriKind.Absolute, out var parsed) && parsed.Scheme is "amqp" or "amqps" && parsed.Host.Length > 0
        && parsed.Query.Length == 0 && parsed.Fragment.Length == 0
        && !parsed.AbsolutePath[Math.Min(1, parsed.AbsolutePath.Length)..].Contains('/', StringComparison.Ordinal)
            ? new RabbitMqSettings(parsed) { LookAhead = lookAhead, ManagementUri = managementUri, Trust = trust }
            : null;

    /// <summary>An address fit for an error message: without user and password.</summary>
    public static string Show(string? uri) => Secrets.HideInUri(uri);
}
