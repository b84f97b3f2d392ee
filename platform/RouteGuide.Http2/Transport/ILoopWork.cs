namespace RouteGuide.Http2.Transport;

/// <summary>Something that is done on a loop's thread, by an object that is there anyway: posting it costs no memory.</summary>
internal interface ILoopWork
{
    void Run();
}
