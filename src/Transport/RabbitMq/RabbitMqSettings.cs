using System.Text.RegularExpressions;

namespace Fleet.Transport.RabbitMq;

/// <summary>Where the broker is, and how it is used.</summary>
public sealed partial class RabbitMqSettings
{
    /// <summary>What <see cref="TryParse"/> takes, for errors.</summary>
    public const string Allowed = "amqp://user:password@host:port/vhost, or amqps";

    private RabbitMqSettings(Uri uri)
    {
        var user = uri.UserInfo.Split(':', 2);
        Host = uri.Host;
        UsesTls = uri.Scheme == "amqps";
        Port = uri.Port > 0 ? (ushort)uri.Port : UsesTls ? (ushort)5671 : (ushort)5672;
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
    public TimeSpan LookAhead { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The broker's management interface. Null (the default): what workers hold in their hands is not counted.</summary>
    public Uri? ManagementUri { get; init; }

    /// <summary>Reads the address of a broker.</summary>
    /// <returns>Null when the text is none.</returns>
    public static RabbitMqSettings? TryParse(string? uri, TimeSpan lookAhead, Uri? managementUri = null) =>
        Uri.TryCreate(uri, UriKind.Absolute, out var parsed) && parsed.Scheme is "amqp" or "amqps" && parsed.Host.Length > 0
        && parsed.Query.Length == 0 && !parsed.AbsolutePath[Math.Min(1, parsed.AbsolutePath.Length)..].Contains('/', StringComparison.Ordinal)
            ? new RabbitMqSettings(parsed) { LookAhead = lookAhead, ManagementUri = managementUri }
            : null;

    /// <summary>An address fit for an error message: without its password.</summary>
    public static string Show(string? uri) => uri is null ? "(nothing)" : Secret().Replace(uri, ":…@");

    [GeneratedRegex(":[^:@/]*@", RegexOptions.None, 1000)]
    private static partial Regex Secret();
}
