namespace Fleet.Client;

/// <summary>The address of a server, without what must not be shown.</summary>
internal static class ServerAddress
{
    /// <summary>The address without user, password, query and fragment.</summary>
    public static string Show(Uri server) => server.IsAbsoluteUri
        ? server.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/')
        : "a relative address";
}
