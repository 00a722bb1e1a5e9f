namespace Fleet.Samples;

/// <summary>Addresses that the samples call.</summary>
internal static class HttpAddress
{
    public const string Allowed = "an absolute http or https address of at most 400 characters, without user name and password";

    public static bool IsAllowed(string? text) =>
        text is { Length: <= 400 } && Uri.TryCreate(text, UriKind.Absolute, out var address) && IsAllowed(address);

    /// <summary>A password would end up in logs and tables.</summary>
    public static bool IsAllowed(Uri address) =>
        address.IsAbsoluteUri && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
            && address.UserInfo.Length == 0;
}
