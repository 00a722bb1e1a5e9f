using Fleet.Core.Access;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api.Access;

/// <summary>Knows people and programs by an OIDC provider: by the bearer tokens that it issues, and by signing in there. A seam, so that
/// only programs that ask for it have its libraries.</summary>
public interface IProviderAccess
{
    /// <summary>The way back, below the path at which Fleet is mapped: the redirect URI that the provider must know.</summary>
    const string CallbackPath = "/sign-in/callback";

    /// <summary>Whether people can sign in at the provider; if not, it only issues bearer tokens.</summary>
    bool SignsIn { get; }

    /// <summary>How long a session lasts that the provider has opened, however often it is used.</summary>
    TimeSpan SessionLife { get; }

    /// <summary>Who makes a request, by the bearer token of its header <c>Authorization</c>.</summary>
    /// <exception cref="ProviderException">The provider cannot be asked.</exception>
    Task<ProviderAnswer> FindByTokenAsync(HttpContext http);

    /// <summary>Answers with a redirect to the provider. <see cref="HttpRequest.PathBase"/> is where Fleet is mapped.</summary>
    /// <param name="http">The request.</param>
    /// <param name="returnUrl">A path of this server, for after the sign-in.</param>
    /// <exception cref="ProviderException">The provider cannot be asked.</exception>
    Task BeginSignInAsync(HttpContext http, string returnUrl);

    /// <summary>Takes what the provider sent with the browser. It writes no answer, but deletes the cookies of the sign-in.</summary>
    /// <exception cref="ProviderException">The provider cannot be asked.</exception>
    Task<ProviderAnswer> EndSignInAsync(HttpContext http);

    /// <summary>Where the browser ends its session at the provider; null if the provider has no such page, or does not answer.</summary>
    /// <param name="returnUrl">Where the provider sends the browser then.</param>
    Task<string?> FindSignOutUrlAsync(string returnUrl);
}

/// <summary>What a token or a sign-in at the provider proves.</summary>
/// <param name="Who">Who it is; null for nobody who may do anything.</param>
/// <param name="Code">Why not: <c>unauthenticated</c>, <c>no_role</c> or <c>sign_in_failed</c>. Null with a <paramref name="Who"/>.</param>
/// <param name="Reason">Why not, in a sentence for people.</param>
public sealed record ProviderAnswer(Principal? Who, string? Code = null, string? Reason = null)
{
    /// <summary>A path of this server, for after the sign-in.</summary>
    public string? ReturnUrl { get; init; }

    /// <summary>Whether the browser that has come back from the provider is the one that has begun the sign-in.</summary>
    public bool WasBegunHere { get; init; }
}

/// <summary>The provider does not answer, or not as one does.</summary>
/// <param name="message">A sentence for people.</param>
/// <param name="inner">The cause.</param>
public sealed class ProviderException(string message, Exception? inner = null) : Exception(message, inner);
