using Fleet.Core.Actors;

namespace Fleet.Tests.Support;

/// <summary>Actors of tests.</summary>
public static class Somebody
{
    public static readonly Actor Me = Named("me");

    public static readonly Actor You = Named("you");

    public static Actor Named(string name) => Actor.Create(ActorKind.Person, name);
}
