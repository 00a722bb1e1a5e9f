namespace Fleet.Transport.RabbitMq;

/// <summary>The section <c>Fleet:Transport</c>, as far as RabbitMQ reads it.</summary>
public sealed class RabbitMqOptions
{
    /// <summary>The name of the section.</summary>
    public const string Section = "Fleet:Transport";

    /// <summary>The broker: <c>amqp://user:password@host:port/vhost</c>, or <c>amqps</c>. Required.</summary>
    public string? Uri { get; set; }

    /// <summary>The broker's management interface: <c>http://host:port</c>, or <c>https</c>. Null (the default): what workers hold is not
    /// counted, and policies are not checked.</summary>
    public string? ManagementUri { get; set; }

    /// <summary>A file with the certificates, in PEM, of who may sign the broker's certificate. Null (the default): the authorities that
    /// the machine trusts.</summary>
    public string? CaFile { get; set; }

    /// <summary>What is wrong with the values; empty if nothing is.</summary>
    public IEnumerable<string> Check()
    {
        try
        {
            Read(RabbitMqSettings.DefaultLookAhead);
            return [];
        }
        catch (InvalidOperationException e)
        {
            return [e.Message];
        }
    }

    /// <summary>The broker, from the values.</summary>
    /// <param name="lookAhead">How far ahead leaders put nudges on the belts.</param>
    /// <exception cref="InvalidOperationException">A value is not allowed; names the setting, the value and what is allowed.</exception>
    public RabbitMqSettings Read(TimeSpan lookAhead)
    {
        Uri? management = null;
        if (ManagementUri is { Length: > 0 }
            && !(System.Uri.TryCreate(ManagementUri, UriKind.Absolute, out management) && management.Scheme is "http" or "https"))
        {
            throw NotAllowed(nameof(ManagementUri), RabbitMqSettings.Show(ManagementUri), "http://host:port or https, or nothing");
        }

        if (string.IsNullOrEmpty(Uri))
        {
            throw new InvalidOperationException(
                $"{Section}:Uri is missing; it is the address of the broker: {RabbitMqSettings.Allowed} (as an environment variable: "
                    + "Fleet__Transport__Uri).");
        }

        var trust = ReadTrust();
        var settings = RabbitMqSettings.TryParse(Uri, lookAhead, management, trust)
            ?? throw NotAllowed(nameof(Uri), RabbitMqSettings.Show(Uri), RabbitMqSettings.Allowed);
        // Who names an authority believes that the password does not travel in the clear.
        return trust is null || settings.UsesTls || management?.Scheme == "https"
            ? settings
            : throw new InvalidOperationException(
                $"{Section}:CaFile has no use: neither {Section}:Uri is amqps nor {Section}:ManagementUri https.");
    }

    private static InvalidOperationException NotAllowed(string setting, string value, string allowed) =>
        new($"{Section}:{setting}: '{value}' is not allowed; allowed is {allowed}.");

    private BrokerTrust? ReadTrust()
    {
        try
        {
            return CaFile is { Length: > 0 } ? BrokerTrust.Read(CaFile) : null;
        }
        catch (InvalidDataException e)
        {
            throw new InvalidOperationException(
                $"{Section}:CaFile: '{CaFile}' is not allowed, {e.Message} Allowed is a file of certificates in PEM.", e);
        }
    }
}
