using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api;

/// <summary>What an endpoint takes beside its path.</summary>
/// <param name="Query">The names of its query parameters.</param>
/// <param name="Body">The shape of its body; null when it takes none.</param>
internal sealed record EndpointInput(string[] Query, Type? Body = null);

/// <summary>Refuses by name what an endpoint does not take: one place for all of them, so that none forgets.</summary>
internal static class EndpointRules
{
    /// <summary>Says which query parameters an endpoint takes; without it, none.</summary>
    public static RouteHandlerBuilder TakesQuery(this RouteHandlerBuilder endpoint, params string[] names) =>
        endpoint.WithMetadata(new EndpointInput(names));

    /// <summary>Says which body an endpoint takes, and which query parameters; without it, none.</summary>
    public static RouteHandlerBuilder TakesBody<T>(this RouteHandlerBuilder endpoint, params string[] names) =>
        endpoint.WithMetadata(new EndpointInput(names, typeof(T)));

    /// <summary>Checks a request before its endpoint handles it.</summary>
    /// <exception cref="InvalidRunException">Something is not taken; names it.</exception>
    public static async Task CheckAsync(HttpContext http, RequestDelegate next)
    {
        // A program that allows other origins for these endpoints has decided who may call them.
        if (http.GetEndpoint()?.Metadata.GetMetadata<ICorsMetadata>() is null && CrossSite.Refuse(http.Request) is { } error)
            throw new InvalidRunException(error);
        if (http.GetEndpoint()?.Metadata.GetMetadata<EndpointInput>() is { } input)
        {
            QueryString.Check(http.Request.Query, input.Query);
            if (input.Body is null)
                await RequestBody.RequireNoneAsync(http);
        }

        await next(http);
    }
}
